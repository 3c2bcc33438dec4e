import type { parseArgs } from 'node:util';

/** All options of the tasks; each task has some of them. */
export const TASK_OPTIONS = {
  all: { type: 'boolean', help: 'all letters that the following options select, instead of ids' },
  pattern: { type: 'string', value: '<pattern>', help: 'of this handler: its pattern, as it is written' },
  topic: { type: 'string', value: '<topic>', help: 'of this topic, or of the topics of a Topic Filter: "orders/#"' },
  error: { type: 'string', value: '<name>', help: 'with an error of this name, such as TimeoutError' },
  since: { type: 'string', value: '<time>', help: 'given up at this time or later: 2026-01-31T12:00:00Z' },
  before: { type: 'string', value: '<time>', help: 'given up before this time' },
  broker: { type: 'string', value: '<name>', help: 'name of the broker, where several servers keep dead letters' },
  limit: { type: 'string', value: '<n>', help: 'at most this many letters; default 50' },
  newest: { type: 'boolean', help: 'newest first; default: oldest first' },
  json: { type: 'boolean', help: 'whole letters, with their payloads, one JSON object per line' },
  to: { type: 'string', value: 'handler|topic', help: 'run the handler here (default), or publish to the topic again' },
  data: { type: 'string', value: '<json>', help: 'in place of the payload; for one letter' },
  'per-second': { type: 'string', value: '<n>', help: 'with --all: replays that begin in a second; default 100' },
  'max-replays': { type: 'string', value: '<n>', help: 'in place of maxReplays of the application, for this run' },
} as const;

export type TaskOption = keyof typeof TASK_OPTIONS;
export type TaskValues = ReturnType<typeof parseArgs<{ options: typeof TASK_OPTIONS }>>['values'];
