// Publishes events in windows: each is awaited before the next one begins.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import { reading, READINGS, type ConnectOptions } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';
import { stopwatch, type Lap } from '../harness/stopwatch.js';

export interface EmitterParameters extends ConnectOptions {
  readonly contestant: ContestantName;
  readonly bytes?: number;
}

export interface EmitParameters {
  readonly window: number;
  /** It ends with the window in which they are over. */
  readonly seconds?: number;
  /** At most. */
  readonly events?: number;
}

export interface EmitResult extends Lap {
  readonly events: number;
}

const { contestant, bytes = 100, ...options } = playerParameters<EmitterParameters>();
const mqtt = await CONTESTANTS[contestant].load();
const emitter = await mqtt.emitter(options);

async function emit({ window, seconds = Infinity, events: most = Infinity }: EmitParameters): Promise<EmitResult> {
  const lap = stopwatch();
  const end = performance.now() + seconds * 1_000;
  let events = 0;
  while (events < most && performance.now() < end) {
    const length = Math.min(window, most - events);
    await Promise.all(Array.from({ length }, () => emitter.emit(READINGS, reading(bytes))));
    events += length;
  }
  return { events, ...lap() };
}

play({ emit });
