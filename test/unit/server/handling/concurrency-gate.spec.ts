import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ConcurrencyGate, type ConcurrencyLane, type Job } from '../../../../lib/server/handling/concurrency-gate.js';

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
  readonly running: { name: string; lane: ConcurrencyLane }[] = [];

  constructor({ maxConcurrency = Infinity, bufferSize = Infinity, overflow = 'drop-oldest' }: Options = {}) {
    this.gate = new ConcurrencyGate({ maxConcurrency, bufferSize, overflow });
  }

  submit(lane: ConcurrencyLane, name: string, droppable = false): void {
    lane.submit(this.job(lane, name, droppable));
  }

  finish(name: string): void {
    const [job] = this.running.splice(
      this.running.findIndex((one) => one.name === name),
      1,
    );
    job!.lane.finished();
  }

  private job(lane: ConcurrencyLane, name: string, droppable: boolean): Job {
    return {
      droppable,
      start: () => {
        this.started.push(name);
        this.running.push({ name, lane });
      },
      dropped: () => void this.dropped.push(name),
    };
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
});

interface Waiting {
  name: string;
  lane: number;
  droppable: boolean;
}

const step = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constant('submit' as const), lane: fc.nat(2), droppable: fc.boolean() }),
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
              const job = { name: `${came.length}`, lane: action.lane, droppable: action.droppable };
              came.push(job);
              waiting.push(job);
              bench.submit(lanes[job.lane]!, job.name, job.droppable);
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
            const buffered = waiting.filter(({ droppable }) => droppable).length;
            const held = {
              'counts what runs': bench.gate.runningJobs === bench.running.length,
              'counts what is buffered': bench.gate.bufferedJobs === buffered,
              maxConcurrency: bench.running.length <= maxConcurrency,
              maxWorkers: maxWorkers.every((workers, lane) => runningIn(lane) <= workers),
              bufferSize: buffered <= bufferSize,
              'nothing waits that could run': !waiting.some(({ lane }) => idle && runningIn(lane) < maxWorkers[lane]!),
            };
            broken.push(...Object.entries(held).flatMap(([promise, kept]) => (kept ? [] : [promise])));
          }
          expect(broken).toEqual([]);
          // order within each lane
          for (const lane of lanes.keys()) {
            const started = bench.started.map(Number).filter((name) => came[name]!.lane === lane);
            expect(started).toEqual(started.toSorted((a, b) => a - b));
          }
          // each once, none lost, and only dropped what may be
          const ends = [...bench.started, ...bench.dropped, ...waiting.map(({ name }) => name)];
          expect(ends.map(Number).toSorted((a, b) => a - b)).toEqual([...came.keys()]);
          expect(bench.dropped.filter((name) => !closed && !came[Number(name)]!.droppable)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
