import type { Logger } from '@nestjs/common';
import type { MqttContext } from '../context/mqtt.context.js';
import type { NestEnvelope } from '../serialization/nest-envelope.js';
import type { Overflow } from './overflow.js';
import type { RunningInvocations } from './running-invocations.js';
import type { StreamControl } from './stream-control.js';
import type { ServerCounters } from './server-counters.js';
import type { Send } from './responder.js';

/** Nest's hooks around the processing of a message, by which instrumentation follows it. */
export interface ProcessingHooks {
  start(context: MqttContext, process: () => Promise<void>): void;
  end(context: MqttContext): void;
}

/** What running handlers share with their server. */
export interface ServerServices {
  readonly send: Send;
  readonly hooks: ProcessingHooks;
  readonly logger: Logger;
  readonly counters: ServerCounters;
  readonly overflow: Overflow;
  readonly streams: StreamControl;
  readonly handlerTimeoutMs: number | undefined;
  readonly protocolVersion: 4 | 5;
  /** Takes a decoded payload for Nest's envelope, if that is what it is. */
  readonly readEnvelope: (value: unknown, topic: string) => NestEnvelope | undefined;
  readonly running: RunningInvocations;
  /** The first of its kind is worth a line in the log; the others are not. */
  readonly warnOnce: (key: string, message: string) => void;
}
