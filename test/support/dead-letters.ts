import type { DeadLetter } from '../../lib/index.js';

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
