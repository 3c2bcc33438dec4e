import type { Random } from '../support/random.js';

/** What is published: a number, counted from 1 in each topic, and bytes that fill it up. */
export interface Message {
  readonly n: number;
  readonly filling: string;
}

export interface KillsTopic {
  readonly topic: string;
  readonly qos: 1 | 2;
}

/** Each topic has one QoS: between two of them there is no order. */
export const TOPICS: readonly KillsTopic[] = ([1, 2] as const).flatMap((qos) =>
  ['a', 'b', 'c'].map((name) => ({ topic: `kills/${qos}/${name}`, qos })),
);

export function qosOf(topic: string): 1 | 2 {
  return topic.startsWith('kills/1/') ? 1 : 2;
}

const SMALL = 200;
const MEDIUM = 5_000;
/** More than the writer's slab. */
const LARGE = 90_000;

/** Most are small; some are larger than what leaves in one piece. */
export function messageOf(n: number, random: Random): Message {
  const dice = random.next();
  const longest = dice < 0.9 ? SMALL : dice < 0.995 ? MEDIUM : LARGE;
  return { n, filling: 'x'.repeat(random.between(0, longest)) };
}

/** The number of a message whose payload, JSON, was not decoded. */
export function numberIn(payload: Buffer | string): number {
  return Number.parseInt(payload.toString().slice('{"n":'.length), 10);
}
