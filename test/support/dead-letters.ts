import type { IPublishPacket } from 'mqtt';
import { readDeadLetter, type DeadLetter } from '../../lib/index.js';

/** A dead letter. @param parts that matter to a test */
export function deadLetter(parts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    time: Date.UTC(2026, 0, 2),
    pattern: 'orders/created',
    group: undefined,
    handler: undefined,
    attempts: 1,
    reason: 'broken',
    error: 'TypeError',
    replays: 0,
    topic: 'orders/created',
    payload: Buffer.from('x'),
    qos: 1,
    properties: undefined,
    ...parts,
  };
}

/** The dead letter in a message that MQTT.js has received. */
export function letterIn(packet: IPublishPacket): DeadLetter {
  const letter = readDeadLetter(packet);
  if (!letter) throw new Error(`The message on "${packet.topic}" is no dead letter`);
  return letter;
}
