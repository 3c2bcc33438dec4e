import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  ConcurrencyGate,
  type ConcurrencyLane,
  type Job,
} from '../../../../lib/server/concurrency/concurrency-gate.js';

interface Options {
  maxConcurrency?: number;
  bufferSize?: number;
  overflow?: 'drop-oldest' | 'drop-newest';
}

/** A gate whose jobs say what becomes of them. */
class Bench {
  readonly gate: ConcurrencyGate;
  readonly started: string[] = [];
  readonly dropped: string[] = [];
  readonly running: { name: string; lane: ConcurrencyLane; job: Job }[] = [];

  constructor({ maxConcurrency = Infinity, bufferSize = Infinity, overflow = 'drop-oldest' }: Options = {}) {
    this.gate = new ConcurrencyGate({ maxConcurrency, bufferSize, overflow });
  }

  submit(lane: ConcurrencyLane, name: string, droppable = false, orderKey?: string): void {
    lane.submit(this.job(lane, name, droppable, orderKey));
  }

  finish(name: string): void {
    const [ended] = this.running.splice(
      this.running.findIndex((one) => one.name === name),
      1,
    );
    ended!.lane.finished(ended!.job);
  }

  private job(lane: ConcurrencyLane, name: string, droppable: boolean, orderKey: string | undefined): Job {
    const job: Job = {
      droppable,
      orderKey,
      start: () => {
        this.started.push(name);
        this.running.push({ name, lane, job });
      },
      dropped: () => void this.dropped.push(name),
    };
    return job;
  }
}

describe('ConcurrencyGate', () => {
  it('runs at once what there is room for, and the rest in the order in which it came', () => {
    const bench = new Bench({ maxConcurrency: 2 });
    const lane = bench.gate.lane(Infinity);
    for (const name of ['a', 'b', 'c', 'd']) bench.submit(lane, name);
    expect(bench.started).toEqual(['a', 'b']);
    bench.finish('b');
    bench.finish('a');
    expect(bench.started).toEqual(['a', 'b', 'c', 'd']);
    expect(bench.gate.runningJobs).toBe(2);
  });

  it('runs one after another where a lane has one worker, and lets other lanes pass', () => {
    const bench = new Bench({ maxConcurrency: 10 });
    const [ordered, other] = [bench.gate.lane(1), bench.gate.lane(10)];
    for (const name of ['1', '2', '3']) bench.submit(ordered, name);
    bench.submit(other, 'x');
    expect(bench.started).toEqual(['1', 'x']);
    bench.finish('1');
    bench.finish('2');
    expect(bench.started).toEqual(['1', 'x', '2', '3']);
  });

  it('lets lanes take turns, however long the queue of one of them is', () => {
    const bench = new Bench({ maxConcurrency: 1 });
    const [busy, quiet] = [bench.gate.lane(Infinity), bench.gate.lane(Infinity)];
    bench.submit(busy, 'first');
    for (let i = 0; i < 5; i++) bench.submit(busy, `busy ${i}`);
    bench.submit(quiet, 'quiet 0');
    bench.submit(quiet, 'quiet 1');
    for (let i = 0; i < 5; i++) bench.finish(bench.running[0]!.name);
    expect(bench.started).toEqual(['first', 'busy 0', 'quiet 0', 'busy 1', 'quiet 1', 'busy 2']);
  });

  it.each([
    ['drop-oldest', ['a', 'b'], ['run', 'c', 'd']],
    ['drop-newest', ['c', 'd'], ['run', 'a', 'b']],
  ] as const)('with %s drops %j when the buffer is full', (overflow, dropped, started) => {
    const bench = new Bench({ maxConcurrency: 1, bufferSize: 2, overflow });
    const lane = bench.gate.lane(Infinity);
    bench.submit(lane, 'run', true);
    for (const name of ['a', 'b', 'c', 'd']) bench.submit(lane, name, true);
    expect(bench.dropped).toEqual(dropped);
    expect(bench.gate.bufferedJobs).toBe(2);
    while (bench.running.length > 0) bench.finish(bench.running[0]!.name);
    expect(bench.started).toEqual(started);
    expect(bench.gate.bufferedJobs).toBe(0);
  });

  it('drops the oldest of all lanes, and never what must not be dropped', () => {
    const bench = new Bench({ maxConcurrency: 1, bufferSize: 1 });
    const [one, two] = [bench.gate.lane(Infinity), bench.gate.lane(Infinity)];
    bench.submit(one, 'run');
    bench.submit(one, 'old', true);
    for (let i = 0; i < 5; i++) bench.submit(two, `kept ${i}`);
    bench.submit(two, 'new', true);
    expect(bench.dropped).toEqual(['old']);
    for (let i = 0; i < 7; i++) bench.finish(bench.running[0]!.name);
    expect(bench.started).toEqual(['run', 'kept 0', 'kept 1', 'kept 2', 'kept 3', 'kept 4', 'new']);
  });

  it('with a buffer of 0 drops what cannot run at once', () => {
    const bench = new Bench({ maxConcurrency: 1, bufferSize: 0 });
    const lane = bench.gate.lane(Infinity);
    bench.submit(lane, 'run', true);
    bench.submit(lane, 'late', true);
    bench.finish('run');
    bench.submit(lane, 'next', true);
    expect([bench.started, bench.dropped]).toEqual([['run', 'next'], ['late']]);
  });

  it('drops everything that waits when it closes, and everything that comes later', () => {
    const bench = new Bench({ maxConcurrency: 1 });
    const [one, two] = [bench.gate.lane(1), bench.gate.lane(1)];
    bench.submit(one, 'run');
    bench.submit(one, 'a', true);
    bench.submit(two, 'b');
    bench.gate.close();
    bench.submit(two, 'c');
    expect(bench.dropped.toSorted()).toEqual(['a', 'b', 'c']);
    expect(bench.gate.bufferedJobs).toBe(0);
    bench.finish('run');
    expect(bench.started).toEqual(['run']);
  });

  it('runs the jobs of a key one after another, and those of other keys meanwhile', () => {
    const bench = new Bench();
    const lane = bench.gate.lane(2);
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) bench.submit(lane, name, false, name[0]);
    expect(bench.started).toEqual(['a1', 'b1']);
    bench.finish('a1');
    expect(bench.started).toEqual(['a1', 'b1', 'c1']);
    bench.finish('b1');
    bench.finish('c1');
    bench.finish('a2');
    expect(bench.started).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
  });

  it('keeps the keys of two lanes apart', () => {
    const bench = new Bench();
    for (const lane of [bench.gate.lane(2), bench.gate.lane(2)]) bench.submit(lane, 'a', false, 'a');
    expect(bench.started).toEqual(['a', 'a']);
  });

  it('keeps nothing for a key that is idle, also after a million of them', () => {
    const bench = new Bench();
    const lane = bench.gate.lane(2);
    for (let key = 0; key < 1_000_000; key++) {
      bench.submit(lane, 'job', false, `${key}`);
      bench.finish('job');
    }
    expect(lane.keys.size).toBe(0);
  });

  it('goes on with 100,000 jobs of one key that end within start(), without recursion', () => {
    const bench = new Bench();
    const lane = bench.gate.lane(1);
    let ended = 0;
    const job: Job = {
      droppable: false,
      orderKey: 'a',
      start: () => {
        ended++;
        lane.finished(job);
      },
      dropped: () => {},
    };
    bench.submit(lane, 'first', false, 'a');
    for (let i = 0; i < 100_000; i++) lane.submit(job);
    bench.finish('first');
    expect(ended).toBe(100_000);
  });

  it('frees the key of a job that is dropped from the buffer', () => {
    const bench = new Bench({ maxConcurrency: 1, bufferSize: 1 });
    const lane = bench.gate.lane(Infinity);
    bench.submit(lane, 'run');
    bench.submit(lane, 'a1', true, 'a');
    bench.submit(lane, 'a2', true, 'a');
    expect(bench.dropped).toEqual(['a1']);
    bench.finish('run');
    expect(bench.started).toEqual(['run', 'a2']);
  });
});

interface Waiting {
  name: string;
  lane: number;
  droppable: boolean;
  key: string | undefined;
}

const step = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      lane: fc.nat(2),
      droppable: fc.boolean(),
      key: fc.constantFrom(undefined, undefined, 'a', 'b'),
    }),
    weight: 60,
  },
  { arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat() }), weight: 40 },
  { arbitrary: fc.constant({ do: 'close' as const }), weight: 1 },
);

describe('ConcurrencyGate, whatever comes in whatever order', () => {
  it('keeps its bounds, its order and its buffer, leaves no worker idle, and loses nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom(1, 2, Infinity), { minLength: 3, maxLength: 3 }),
        fc.nat(3),
        fc.constantFrom('drop-oldest' as const, 'drop-newest' as const),
        fc.array(step, { maxLength: 120, size: 'max' }),
        (maxConcurrency, maxWorkers, bufferSize, overflow, steps) => {
          const bench = new Bench({ maxConcurrency, bufferSize, overflow });
          const lanes = maxWorkers.map((workers) => bench.gate.lane(workers));
          const runningIn = (lane: number) => bench.running.filter((job) => job.lane === lanes[lane]).length;
          let waiting: Waiting[] = [];
          let closed = false;
          const came: Waiting[] = [];
          const broken: string[] = [];
          for (const action of steps) {
            if (action.do === 'submit') {
              const { lane, droppable, key } = action;
              const job: Waiting = { name: `${came.length}`, lane, droppable, key };
              came.push(job);
              waiting.push(job);
              bench.submit(lanes[lane]!, job.name, droppable, key);
            }
            if (action.do === 'finish' && bench.running.length > 0)
              bench.finish(bench.running[action.which % bench.running.length]!.name);
            if (action.do === 'close') {
              closed = true;
              bench.gate.close();
            }
            const gone = new Set([...bench.started, ...bench.dropped]);
            waiting = waiting.filter(({ name }) => !gone.has(name));
            const idle = bench.running.length < maxConcurrency;
            const keysIn = (lane: number) =>
              bench.running.filter((job) => job.lane === lanes[lane]).map(({ job }) => job.orderKey);
            const isFree = ({ lane, key }: Waiting) => key === undefined || !keysIn(lane).includes(key);
            const buffered = waiting.filter(({ droppable }) => droppable).length;
            const held = {
              'counts what runs': bench.gate.runningJobs === bench.running.length,
              'counts what is buffered': bench.gate.bufferedJobs === buffered,
              maxConcurrency: bench.running.length <= maxConcurrency,
              maxWorkers: maxWorkers.every((workers, lane) => runningIn(lane) <= workers),
              bufferSize: buffered <= bufferSize,
              'one of a key': lanes.every((_lane, lane) => {
                const keys = keysIn(lane).filter((key) => key !== undefined);
                return new Set(keys).size === keys.length;
              }),
              'nothing waits that could run': !waiting.some(
                (job) => idle && runningIn(job.lane) < maxWorkers[job.lane]! && isFree(job),
              ),
            };
            broken.push(...Object.entries(held).flatMap(([promise, kept]) => (kept ? [] : [promise])));
          }
          expect(broken).toEqual([]);
          // order within each lane, and in it within each key
          for (const lane of lanes.keys()) {
            for (const ofKey of [undefined, 'a', 'b']) {
              const started = bench.started
                .map(Number)
                .filter((name) => came[name]!.lane === lane && came[name]!.key === ofKey);
              expect(started).toEqual(started.toSorted((a, b) => a - b));
            }
          }
          const isIdle = waiting.length === 0 && bench.running.length === 0;
          expect(isIdle ? lanes.map(({ keys }) => keys.size) : []).toEqual(isIdle ? [0, 0, 0] : []);
          // each once, none lost, and only dropped what may be
          const ends = [...bench.started, ...bench.dropped, ...waiting.map(({ name }) => name)];
          expect(ends.map(Number).toSorted((a, b) => a - b)).toEqual([...came.keys()]);
          expect(bench.dropped.filter((name) => !closed && !came[Number(name)]!.droppable)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
