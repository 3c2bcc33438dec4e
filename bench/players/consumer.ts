// Takes events, which come in waves, and measures each wave from its first event to its last; at QoS 2, whose handshakes the broker
// may leave for later, to the last packet of all.
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import type { ConsumeOptions, Reading } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';
import { untilSilence } from '../harness/silence.js';
import { stopwatch, type Lap } from '../harness/stopwatch.js';

export interface ConsumerParameters extends ConsumeOptions {
  readonly contestant: ContestantName;
  /** Events of each wave. It makes no difference whether there is a pause between two of them. */
  readonly waves: readonly number[];
}

/** When no event has come for that long, the rest is lost. */
const PATIENCE_MS = 10_000;

const { contestant, waves, ...options } = playerParameters<ConsumerParameters>();
const laps: Lap[] = [];
const ends = new EventEmitter();
let count = 0;
let sum = 0;
let begin = 0;
let end = waves[0] ?? Infinity;
let lap = stopwatch();
let turns = 0;

function take({ celsius }: Reading): void {
  if (count === begin) lap = stopwatch();
  sum += celsius;
  if (++count === end) turn();
}

function turn(): void {
  const itsLap = lap;
  begin = end;
  end += waves[++turns] ?? Infinity;
  if (options.qos === 2) void untilSilence(itsLap).then(finish);
  else finish(itsLap());
}

function finish(itsLap: Lap): void {
  laps.push(itsLap);
  ends.emit('wave');
}

/** Resolves when a wave has come. @throws Error when events are missing, or are not what they should be */
async function taken(wave: number): Promise<Lap> {
  const expected = waves.slice(0, wave + 1).reduce((total, events) => total + events, 0);
  for (let seen = -1; laps.length <= wave;) {
    if (count === seen && count < expected) throw new Error(`${count} of ${expected} events came, and then no more`);
    seen = count;
    await Promise.race([once(ends, 'wave'), delay(PATIENCE_MS)]);
  }
  if (Number.isNaN(sum)) throw new Error('The events were not what they should be');
  return laps[wave]!;
}

const mqtt = await CONTESTANTS[contestant].load();
const page = await mqtt.consume(options, take);
play({ taken, page: () => page });
