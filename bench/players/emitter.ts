// Publishes events in windows: each is awaited before the next one begins.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import { reading, READINGS, type ConnectOptions } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';

export interface EmitterParameters extends ConnectOptions {
  readonly contestant: ContestantName;
  readonly bytes?: number;
}

export interface EmitParameters {
  readonly window: number;
  /** It ends with the window in which either is reached. */
  readonly seconds?: number;
  readonly events?: number;
}

export interface EmitResult {
  readonly events: number;
  readonly seconds: number;
}

const { contestant, bytes = 100, ...options } = playerParameters<EmitterParameters>();
const mqtt = await CONTESTANTS[contestant].load();
const emitter = await mqtt.emitter(options);

async function emit({ window, seconds = Infinity, events: most = Infinity }: EmitParameters): Promise<EmitResult> {
  const start = performance.now();
  let events = 0;
  while (events < most && performance.now() - start < seconds * 1_000) {
    await Promise.all(Array.from({ length: window }, () => emitter.emit(READINGS, reading(bytes))));
    events += window;
  }
  return { events, seconds: (performance.now() - start) / 1_000 };
}

play({ emit });
