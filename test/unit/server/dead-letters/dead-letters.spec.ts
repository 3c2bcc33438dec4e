import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DeadLetterError } from '../../../../lib/errors/dead-letter.error.js';
import { InvalidOptionsError } from '../../../../lib/errors/invalid-options.error.js';
import type { DeadLetterStore } from '../../../../lib/protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../../../lib/protocol/dead-letter.js';
import { DeadLetters } from '../../../../lib/server/dead-letters/dead-letters.js';
import { MemoryDeadLetterStore } from '../../../../lib/server/dead-letters/memory-dead-letter-store.js';
import { Pace } from '../../../../lib/server/dead-letters/pace.js';
import { deadLetter } from '../../../support/dead-letters.js';
import { eventually } from '../../../support/deadline.js';

function letterOf(topic: string, parts: Partial<DeadLetter> = {}): DeadLetter {
  return deadLetter({ pattern: 'jobs/+', topic, ...parts });
}

function storeOf(count: number): MemoryDeadLetterStore {
  const store = new MemoryDeadLetterStore();
  for (let i = 1; i <= count; i++) store.add(letterOf(`jobs/${i}`));
  return store;
}

function failed(): DeadLetterError {
  return new DeadLetterError('failed', 'it has failed', { cause: new RangeError('again') });
}

/** Dead letters, and the topics of those that were handed to the handler. */
function deadLettersOf(
  store: DeadLetterStore,
  handle: (letter: KeptDeadLetter) => Promise<void> | void = () => {},
  { maxReplays = 3, leaseMs = 30_000 } = {},
): { deadLetters: DeadLetters; handled: string[] } {
  const handled: string[] = [];
  const replay = async (letter: KeptDeadLetter): Promise<void> => {
    handled.push(letter.topic);
    await handle(letter);
  };
  return { deadLetters: new DeadLetters({ store, maxReplays, leaseMs }, () => ({ replay })), handled };
}

function problemOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'none',
    (error: unknown) => (error as DeadLetterError).problem,
  );
}

describe('replay', () => {
  it('removes a letter that was handled, and only then', async () => {
    const store = storeOf(1);
    const { deadLetters } = deadLettersOf(store, () => expect(store.size).toBe(1));
    await deadLetters.replay('1');
    expect(store.size).toBe(0);
    expect(await problemOf(deadLetters.replay('1'))).toBe('unknown');
  });

  it('of one letter by many at once runs once', async () => {
    const { deadLetters, handled } = deadLettersOf(storeOf(1), () => sleep(1));
    const problems = await Promise.all(Array.from({ length: 20 }, () => problemOf(deadLetters.replay('1'))));
    expect(handled).toHaveLength(1);
    expect(problems.map(String).toSorted()).toEqual([...Array.from({ length: 19 }, () => 'claimed'), 'none']);
  });

  it('is refused after maxReplays, until that is raised', async () => {
    const store = storeOf(1);
    const { deadLetters, handled } = deadLettersOf(store, () => Promise.reject(failed()), { maxReplays: 2 });
    const problems = ['failed', 'failed', 'max-replays', 'max-replays'];
    for (const problem of problems) expect(await problemOf(deadLetters.replay('1'))).toBe(problem);
    expect(handled).toHaveLength(2);
    expect(store.get('1')).toMatchObject({ replays: 2, reason: 'again', error: 'RangeError' });
    await expect(deadLetters.replay('1')).rejects.toThrow(
      'Dead letter 1 has been replayed 2 times, and maxReplays is 2. It failed with: again. Discard it, or raise maxReplays.',
    );
    await deadLettersOf(store).deadLetters.replay('1');
    expect(store.size).toBe(0);
  });

  it('counts the crash of who had begun it', async () => {
    const store = storeOf(1);
    store.claim('1', 'crashed', 1);
    await sleep(10);
    const { deadLetters } = deadLettersOf(store, () => {}, { maxReplays: 1 });
    expect(await problemOf(deadLetters.replay('1'))).toBe('max-replays');
  });

  it('renews its lease while the handler runs', async () => {
    const store = storeOf(1);
    const other = deadLettersOf(store);
    let letGo!: () => void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const renew = jest.spyOn(store, 'renew');
    const { deadLetters } = deadLettersOf(store, () => held, { leaseMs: 60 });
    const replay = deadLetters.replay('1');
    await eventually(() => renew.mock.calls.length >= 5, 'the lease was renewed five times');
    expect(await problemOf(other.deadLetters.replay('1'))).toBe('claimed');
    letGo();
    await replay;
    expect(store.size).toBe(0);
  });

  it('says when somebody else has claimed the letter meanwhile', async () => {
    const store = storeOf(1);
    const { deadLetters } = deadLettersOf(store, () => {
      jest.spyOn(store, 'remove').mockReturnValue(false);
    });
    await expect(deadLetters.replay('1')).rejects.toThrow(
      /was replayed, and may be replayed again.*its lease of 30000 ms/,
    );
  });

  it('tells the store again when that fails at the end', async () => {
    const store = storeOf(1);
    const remove = jest.spyOn(store, 'remove').mockImplementationOnce(() => {
      throw new Error('connection lost');
    });
    await deadLettersOf(store).deadLetters.replay('1');
    expect(remove).toHaveBeenCalledTimes(2);
    expect(store.size).toBe(0);
  });

  it.each(['claim', 'get', 'list', 'remove'] as const)(
    'is an error when %s of the store fails, and loses nothing',
    async (method) => {
      const store = storeOf(1);
      jest.spyOn(store, method).mockImplementation(() => {
        throw new Error('connection lost');
      });
      const { deadLetters } = deadLettersOf(store);
      const calls = {
        claim: () => deadLetters.replay('1'),
        get: () => deadLetters.get('1'),
        list: () => deadLetters.list(),
        remove: () => deadLetters.discard('1'),
      };
      await expect(calls[method]()).rejects.toThrow(`The dead letter store fails, ${method}(): connection lost`);
      expect(store.size).toBe(1);
      jest.restoreAllMocks();
      expect(store.get('1')).toMatchObject({ replays: 0, reason: 'broken' });
    },
  );

  it.each([
    ['list', null],
    ['list', { letters: [{}] }],
    ['claim', { state: 'mine' }],
    ['claim', 'yes'],
    ['get', { id: 7 }],
  ] as const)('is an error when %s returns nonsense', async (method, nonsense) => {
    const store = storeOf(1);
    jest.spyOn(store, method).mockReturnValue(nonsense as never);
    const { deadLetters } = deadLettersOf(store);
    const calls = {
      list: () => deadLetters.list(),
      claim: () => deadLetters.replay('1'),
      get: () => deadLetters.get('1'),
    };
    expect(await problemOf(calls[method]())).toBe('store');
  });

  it('refuses wrong options', async () => {
    const { deadLetters } = deadLettersOf(storeOf(1));
    await expect(deadLetters.replay('1', { to: 'moon' as never })).rejects.toThrow(InvalidOptionsError);
    for (const options of [
      { perSecond: 0 },
      { perSecond: NaN },
      { maxReplays: 0 },
      { maxReplays: 1.5 },
      { signal: 'x' as never },
      { onProgress: 7 as never },
    ])
      await expect(deadLetters.replayAll({}, options)).rejects.toThrow(InvalidOptionsError);
  });
});

describe('discard', () => {
  it('removes a letter, however often it was replayed, unless somebody replays it', async () => {
    const store = storeOf(2);
    const { deadLetters } = deadLettersOf(store, () => {}, { maxReplays: 0 });
    await deadLetters.discard('1');
    expect(store.get('1')).toBeUndefined();
    store.claim('2', 'somebody', 60_000);
    expect(await problemOf(deadLetters.discard('2'))).toBe('claimed');
    expect(await problemOf(deadLetters.discard('1'))).toBe('unknown');
  });
});

describe('list', () => {
  it('takes a Topic Filter as the topic', async () => {
    const store = storeOf(250);
    for (const topic of ['plant/1/jobs', 'plant/2/jobs', '$own/jobs']) store.add(letterOf(topic));
    const { deadLetters, handled } = deadLettersOf(store);
    const found = async (topic: string): Promise<string[]> => {
      const topics: string[] = [];
      let from: string | undefined;
      do {
        const page = await deadLetters.list({ topic }, { from });
        topics.push(...page.letters.map((letter) => letter.topic));
        from = page.next;
      } while (from !== undefined);
      return topics;
    };
    expect(await found('plant/+/jobs')).toEqual(['plant/1/jobs', 'plant/2/jobs']);
    expect(await found('+/jobs')).toEqual([]);
    expect(await found('jobs/250')).toEqual(['jobs/250']);
    expect(await deadLetters.replayAll({ topic: 'plant/#' })).toMatchObject({ replayed: 2 });
    expect(handled).toEqual(['plant/1/jobs', 'plant/2/jobs']);
  });

  it('refuses what is no Topic Filter', async () => {
    const { deadLetters } = deadLettersOf(storeOf(1));
    await expect(deadLetters.list({ topic: 'a/#/b' })).rejects.toThrow(InvalidOptionsError);
    await expect(deadLetters.replayAll({ topic: 'a/b+' })).rejects.toThrow('topic: + must be a whole level');
  });
});

describe('replayAll', () => {
  const FAST = { perSecond: 100_000 };

  it('replays what a filter means, oldest first, and says how far it is', async () => {
    const store = storeOf(250);
    store.add(letterOf('other', { pattern: 'other' }));
    const told: number[] = [];
    const { deadLetters, handled } = deadLettersOf(store);
    const onProgress = ({ replayed }: { replayed: number }): void => void told.push(replayed);
    const done = await deadLetters.replayAll({ pattern: 'jobs/+' }, { ...FAST, onProgress });
    expect(done).toEqual({ replayed: 250, failed: 0, exhausted: 0, skipped: 0, lastError: undefined });
    expect(handled).toEqual(Array.from({ length: 250 }, (_, i) => `jobs/${i + 1}`));
    expect(told).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    expect(store.size).toBe(1);
  });

  it('passes by what fails, once, and what was replayed too often or is claimed', async () => {
    const store = storeOf(5);
    store.claim('2', 'somebody', 60_000);
    store.add(letterOf('jobs/tired', { replays: 3 }));
    const { deadLetters, handled } = deadLettersOf(store, ({ topic }) => {
      if (topic === 'jobs/4') throw failed();
    });
    const { lastError, ...done } = await deadLetters.replayAll({}, FAST);
    expect(done).toEqual({ replayed: 3, failed: 1, exhausted: 1, skipped: 1 });
    expect(lastError).toBeInstanceOf(DeadLetterError);
    expect(handled).toEqual(['jobs/1', 'jobs/3', 'jobs/4', 'jobs/5']);
  });

  it('counts apart what fails in the last replay that maxReplays allows, and can raise that', async () => {
    const store = storeOf(1);
    store.add(letterOf('jobs/tired', { replays: 1 }));
    const { deadLetters, handled } = deadLettersOf(store, () => Promise.reject(failed()), { maxReplays: 2 });
    expect(await deadLetters.replayAll({}, FAST)).toMatchObject({ failed: 1, exhausted: 1, skipped: 0 });
    expect(await deadLetters.replayAll({}, FAST)).toMatchObject({ failed: 0, exhausted: 2, skipped: 0 });
    expect(handled).toHaveLength(3);
    expect(await problemOf(deadLetters.replay('2'))).toBe('max-replays');
    expect(await deadLetters.replayAll({}, { ...FAST, maxReplays: 3 })).toMatchObject({ failed: 0, exhausted: 2 });
    expect(await problemOf(deadLetters.replay('2', { maxReplays: 4 }))).toBe('failed');
  });

  it('does not count a failure without a replay as the last one', async () => {
    const store = storeOf(1);
    const gone = new DeadLetterError('no-handler', 'there is none');
    const { deadLetters } = deadLettersOf(store, () => Promise.reject(gone), { maxReplays: 1 });
    expect(await deadLetters.replayAll({}, FAST)).toMatchObject({ failed: 1, exhausted: 0 });
  });

  it('leaves alone what is given up after it began', async () => {
    const store = storeOf(3);
    const { deadLetters, handled } = deadLettersOf(store, ({ topic }) => {
      store.add(letterOf(topic, { time: Date.now() + 10 }));
    });
    await deadLetters.replayAll({}, FAST);
    expect(handled).toHaveLength(3);
    expect(store.size).toBe(3);
  });

  it('can be aborted and begun again: none is replayed twice, none is lost', async () => {
    const store = storeOf(300);
    const { deadLetters, handled } = deadLettersOf(store, () => sleep(1));
    let replayed = 0;
    for (const after of [40, 90, Infinity]) {
      const abort = new AbortController();
      const done = await deadLetters.replayAll(
        {},
        { ...FAST, signal: abort.signal, onProgress: (progress) => progress.replayed >= after && abort.abort() },
      );
      replayed += done.replayed;
      expect(store.size).toBe(300 - replayed);
    }
    expect(replayed).toBe(300);
    expect(new Set(handled).size).toBe(handled.length);
  });

  it('does nothing when it is aborted before', async () => {
    const { deadLetters, handled } = deadLettersOf(storeOf(3));
    const done = await deadLetters.replayAll({}, { signal: AbortSignal.abort() });
    expect(done.replayed).toBe(0);
    expect(handled).toEqual([]);
  });

  it('ends with the error of a store that fails, when what has begun has ended', async () => {
    const store = storeOf(150);
    const { deadLetters, handled } = deadLettersOf(store, () => sleep(1));
    const claim = store.claim.bind(store);
    let claims = 0;
    jest.spyOn(store, 'claim').mockImplementation((...args) => {
      if (++claims > 50) throw new Error('connection lost');
      return claim(...args);
    });
    await expect(deadLetters.replayAll({}, FAST)).rejects.toThrow(/connection lost/);
    expect(handled.length).toBeLessThanOrEqual(50);
    expect(store.size).toBe(150 - handled.length);
    jest.restoreAllMocks();
    await deadLetters.replayAll({}, FAST); // none has stayed claimed
    expect(store.size).toBe(0);
    expect(new Set(handled).size).toBe(150);
  });

  it('ends with what onProgress throws', async () => {
    const { deadLetters } = deadLettersOf(storeOf(150));
    const onProgress = jest.fn<() => void>().mockImplementation(() => {
      throw new Error('terminal is gone');
    });
    await expect(deadLetters.replayAll({}, { ...FAST, onProgress })).rejects.toThrow('terminal is gone');
  });

  it('has few replays under way, however slow they are', async () => {
    let underWay = 0;
    let most = 0;
    const { deadLetters } = deadLettersOf(storeOf(300), async () => {
      most = Math.max(most, ++underWay);
      await sleep(2);
      underWay--;
    });
    await deadLetters.replayAll({}, FAST);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(64);
  });

  it('has few letters claimed that wait for their turn, and lets them go when it is aborted', async () => {
    const store = storeOf(100);
    const { deadLetters, handled } = deadLettersOf(store);
    const abort = new AbortController();
    const run = deadLetters.replayAll({}, { perSecond: 0.01, signal: abort.signal });
    await eventually(() => handled.length === 1, 'the first letter was replayed');
    const other = deadLettersOf(store);
    const { replayed, skipped } = await other.deadLetters.replayAll({}, FAST);
    expect(skipped).toBeLessThanOrEqual(16);
    expect(replayed + skipped).toBe(99);
    abort.abort();
    expect(await run).toMatchObject({ replayed: 1 });
    expect(store.list({}, { limit: 100 }).letters.map(({ replays }) => replays)).toEqual(Array(skipped).fill(0));
    expect(await other.deadLetters.replayAll({}, FAST)).toMatchObject({ replayed: skipped, skipped: 0 });
  });

  it('shares the work with another process', async () => {
    const store = storeOf(400);
    const [one, other] = [deadLettersOf(store, () => sleep(1)), deadLettersOf(store, () => sleep(1))];
    const done = await Promise.all([one, other].map(({ deadLetters }) => deadLetters.replayAll({}, FAST)));
    expect(done.map(({ replayed }) => replayed).reduce((a, b) => a + b)).toBe(400);
    expect([...one.handled, ...other.handled].toSorted()).toEqual(
      Array.from({ length: 400 }, (_, i) => `jobs/${i + 1}`).toSorted(),
    );
  });
});

describe('MemoryDeadLetterStore', () => {
  it('refuses what it has no room for, and forgets nothing', () => {
    const store = new MemoryDeadLetterStore({ maxLetters: 2 });
    for (const topic of ['a', 'b']) store.add(letterOf(topic));
    expect(() => store.add(letterOf('c'))).toThrow(
      'The dead letter store is full: it has 2 letters. Replay or discard some.',
    );
    expect(store.list({}, { limit: 9 }).letters.map(({ topic }) => topic)).toEqual(['a', 'b']);
    store.claim('1', 'a', 1_000);
    store.remove('1', 'a');
    expect(store.add(letterOf('c'))).toBe('3');
  });

  it('bounds the bytes that it keeps', () => {
    const store = new MemoryDeadLetterStore();
    const payload = Buffer.alloc(32 * 1_048_576);
    for (const topic of ['a', 'b']) store.add(letterOf(topic, { payload }));
    expect(() => store.add(letterOf('c'))).toThrow(/is full/);
  });
});

describe('Pace', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('gives turns evenly, and makes up for a timer that is late, but not for a pause', () => {
    let now = 0;
    const pace = new Pace(100, () => now);
    const take = (): number => Math.round(pace.take());
    expect([take(), take(), take()]).toEqual([0, 10, 20]);
    now = 35; // its timer was late
    expect([take(), take()]).toEqual([0, 5]);
    now = 10_000;
    expect(Array.from({ length: 7 }, take)).toEqual([0, 0, 0, 0, 0, 0, 10]);
  });
});
