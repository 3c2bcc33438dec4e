import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import type { Output } from '../command.js';
import type { TaskValues } from './task-options.js';
import type { Wanted } from './wanted-letters.js';

/** Reads its arguments first: wrong ones are reported before the application is loaded. @throws UsageError */
export type Task = (input: TaskInput) => (letters: DeadLetters) => Promise<void>;

/** Arguments of a task. */
export interface TaskInput {
  readonly wanted: Wanted;
  readonly values: TaskValues;
  readonly output: Output;
}
