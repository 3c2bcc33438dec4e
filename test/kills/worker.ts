// A worker that is killed, and another one like it takes its place: compiled and started by worker-line.ts.
import type { MqttConnectionOptions } from '../../lib/index.js';
import { report, serve, workerParameters } from '../support/worker-main.js';
import { notesIn } from './effects-file.js';
import { workOn } from './work.js';

export interface WorkerParameters {
  readonly connection: MqttConnectionOptions;
  /** Gets a line when a handler begins, and when it has come to its effect. */
  readonly effects: string;
  readonly life: number;
}

const { connection, effects, life } = workerParameters<WorkerParameters>();
const work = workOn(notesIn(effects, life));

process.on('disconnect', () => process.exit());
process.once('message', () => void serve(connection, { controllers: [work] }));
report('loaded'); // and waits for its turn
