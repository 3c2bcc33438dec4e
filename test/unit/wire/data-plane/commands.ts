import * as fc from 'fast-check';
import { jest } from '@jest/globals';
import { turns } from '../support/network.js';
import type { DecisionKind, MessageKind, Reaction } from './sent-message.js';
import type { Answer, Handling, LossKind, World } from './world.js';

/** What is known of the connection without looking at it. */
export interface Model {
  connected: boolean;
  closed: boolean;
}

type When = 'connected' | 'gone' | 'any time';

/** One thing that happens. */
class Step implements fc.AsyncCommand<Model, World> {
  constructor(
    private readonly words: string,
    private readonly when: When,
    private readonly happen: (world: World, model: Model) => unknown,
  ) {}

  check({ connected, closed }: Readonly<Model>): boolean {
    return this.when === 'any time' || (!closed && connected === (this.when === 'connected'));
  }

  async run(model: Model, world: World): Promise<void> {
    await this.happen(world, model);
    await Promise.resolve();
    if (world.violations.length > 0) throw new Error(`After ${this.words}: ${world.violations.join('; ')}`);
    model.connected = world.connected; // the client may have ended it itself
  }

  toString(): string {
    return this.words;
  }
}

const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
/** Small ones, and such that fill a piece, a slab, or the socket. */
const bytes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 100) },
  { weight: 3, arbitrary: fc.constantFrom(10_000, 20_000, 33_000, 50_000, 70_000) },
  { weight: 1, arbitrary: fc.constantFrom(150_000, 300_000) },
);
const expiry = fc.constantFrom(undefined, undefined, undefined, undefined, 0, 1, 60);
const kinds: fc.Arbitrary<MessageKind> = fc.record({ qos, bytes, expiry });
const decisions = fc.constantFrom<DecisionKind>('ack', 'ack', 'nack', 'reject');
const { reaction: reactions } = fc.letrec<{ reaction: Reaction | undefined }>((tie) => ({
  reaction: fc.oneof(
    { maxDepth: 2 },
    fc.constant(undefined),
    fc.record({ kind: fc.constant('decide' as const), which: fc.nat(9), decision: decisions }),
    fc.record({ kind: fc.constant('publish' as const), message: kinds, again: tie('reaction') }),
  ),
}));
const handlings: fc.Arbitrary<Handling> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('later' as const) },
  { weight: 1, arbitrary: decisions },
  { weight: 2, arbitrary: kinds },
);

function step<T>(
  name: string,
  when: When,
  argument: fc.Arbitrary<T>,
  happen: (world: World, value: T, model: Model) => unknown,
): fc.Arbitrary<Step> {
  return argument.map(
    (value) => new Step(`${name}(${fc.stringify(value)})`, when, (world, model) => happen(world, value, model)),
  );
}

const answers = fc.array(fc.constantFrom<Answer>('success', 'success', 'success', 'nobody', 'refused'), {
  minLength: 1,
  maxLength: 4,
});
const connections = fc.record({
  resumed: fc.constantFrom(true, true, false),
  receiveMaximum: fc.integer({ min: 1, max: 4 }),
  open: fc.constantFrom(true, true, false),
});
const losses = fc.constantFrom<LossKind>('hang-up', 'hang-up', 'explained', 'too-large');

async function pass(world: World, seconds: number): Promise<void> {
  await world.handedOver();
  jest.advanceTimersByTime(seconds * 1_000);
}

function answerAll(world: World, given: readonly Answer[]): void {
  for (const how of given) world.answer(how);
}

/** Everything that can happen, the usual more often. */
const steps: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Step>])[] = [
  [10, step('publish', 'any time', fc.tuple(kinds, reactions), (world, [kind, then]) => world.publish(kind, then))],
  [1, step('withdraw', 'any time', fc.nat(9), (world, which) => world.withdraw(which))],
  [8, step('deliver', 'connected', fc.tuple(qos, handlings), (world, [level, how]) => world.deliver(level, how))],
  [5, step('decide', 'any time', fc.tuple(fc.nat(9), decisions), (world, [which, how]) => world.decide(which, how))],
  [3, step('answer', 'connected', answers, answerAll)],
  [4, step('read and answer', 'connected', answers, (world, given) => turns(4).then(() => answerAll(world, given)))],
  [3, step('release', 'connected', fc.constant(''), (world) => world.releaseNext())],
  [4, step('turns', 'any time', fc.integer({ min: 1, max: 4 }), (_, count) => turns(count))],
  [2, step('reading', 'connected', fc.constantFrom(true, false, false), (world, reading) => world.setReading(reading))],
  [2, step('seconds', 'any time', fc.constantFrom(0.4, 1, 2), pass)],
  [2, step('lose', 'connected', losses, (world, kind) => world.lose(kind))],
  [0.5, step('resume', 'connected', fc.constant(''), (world) => world.resume())],
  [1, step('attempt fails', 'gone', fc.boolean(), (world, answered) => world.failAttempt(answered))],
  [10, step('connect', 'gone', connections, (world, { open, ...how }) => world.connect(how, open))],
  [2, step('open', 'connected', fc.constant(''), (world) => world.open())],
  [0.2, step('close', 'any time', fc.boolean(), close)],
];

function close(world: World, graceful: boolean, model: Model): void {
  if (!model.closed) world.close(graceful);
  model.closed = true;
}

export const scripts: fc.Arbitrary<Iterable<fc.AsyncCommand<Model, World>>> = fc.commands(
  [fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight: 10 * weight, arbitrary })))],
  { maxCommands: 120, size: 'max' },
);
