import type { parseArgs } from 'node:util';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import type { Output } from '../command.js';
import { FILTER_OPTIONS, type Wanted } from './wanted-letters.js';

/** Options of the subcommands. */
export const TASK_OPTIONS = {
  ...FILTER_OPTIONS,
  broker: { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  limit: { type: 'string' },
  newest: { type: 'boolean' },
  to: { type: 'string' },
  data: { type: 'string' },
  'per-second': { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof TASK_OPTIONS }>>['values'];

/** Input of a subcommand. */
export interface Task {
  readonly letters: DeadLetters;
  readonly wanted: Wanted;
  readonly values: Values;
  readonly output: Output;
}
