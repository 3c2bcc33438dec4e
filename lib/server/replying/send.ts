import type { OutgoingMessage } from '../../protocol/application-message.js';

/**
 * Sends a message; `settled` is called once, later, when it is written (QoS 0) or acknowledged by the broker.
 *
 * @returns whether the connection has accepted it; else it is queued
 */
export type Send = (
  message: OutgoingMessage,
  settled: (error: Error | undefined, reasonCode?: number) => void,
) => boolean;
