import type { MqttBroker, PublishRequest } from '../../../lib/testing/index.js';
import { Journal } from '../../support/journal.js';

/** With which words a broker may end a connection: a reason code, or none. */
export const WORDS = [
  [5, 'DISCONNECT 0x87', 0x87],
  [5, 'DISCONNECT 0x90', 0x90],
  [5, 'DISCONNECT 0x99', 0x99],
  [5, 'without a word', undefined],
  [4, 'without a word', undefined],
] as const;

/** A reason for 3.1.1, whose broker says none: the connection just ends. */
const UNSPECIFIED = 0x80;

/**
 * Has the in-process broker end the connection over messages, whenever they come: what came before is answered, the message itself
 * is not taken.
 *
 * @param reasonCode of the DISCONNECT (5.0); default: the connection just ends
 * @returns their topics, each time that one came
 */
export function hangUpOverMessages(
  broker: MqttBroker,
  over: (request: PublishRequest) => boolean,
  reasonCode?: number,
): Journal<string> {
  const ended = new Journal<string>();
  broker.faults.refusePublishes((request) => {
    if (!over(request)) return false;
    broker.faults.drop(request.clientId, reasonCode === undefined ? {} : { reasonCode });
    ended.add(request.topic);
    return true;
  }, UNSPECIFIED);
  return ended;
}

/** The same over Topic Filters. */
export function hangUpOverFilters(
  broker: MqttBroker,
  over: (filter: string) => boolean,
  reasonCode?: number,
): Journal<string> {
  const ended = new Journal<string>();
  broker.faults.refuseSubscriptions(({ clientId, filter }) => {
    if (!over(filter)) return false;
    broker.faults.drop(clientId, reasonCode === undefined ? {} : { reasonCode });
    ended.add(filter);
    return true;
  }, UNSPECIFIED);
  return ended;
}

/** The same over a SUBSCRIBE with more filters than that. @returns how many it had, each time that one came */
export function hangUpOverMoreThan(broker: MqttBroker, most: number): Journal<number> {
  const ended = new Journal<number>();
  const companions = new Map<string, number>();
  broker.on('packet', ({ direction, packet }) => {
    if (direction !== 'in' || packet.cmd !== 'subscribe') return;
    for (const { topic } of packet.subscriptions) companions.set(topic, packet.subscriptions.length);
  });
  broker.faults.refuseSubscriptions(({ clientId, filter }) => {
    const count = companions.get(filter)!;
    if (count <= most) return false;
    broker.faults.drop(clientId);
    ended.add(count);
    return true;
  }, UNSPECIFIED);
  return ended;
}
