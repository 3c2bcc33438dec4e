import { beforeEach } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { Journal } from './journal.js';

export interface LogLine {
  readonly level: 'log' | 'warn' | 'error' | 'debug' | 'verbose' | 'fatal';
  readonly message: string;
  readonly context: string | undefined;
}

/** Everything that Nest's Logger was told in the present test: nothing goes to the console. */
export const logs = new Journal<LogLine>();

/** Messages of the present test that went to one level, those of the transport alone. */
export function transportLogs(level: LogLine['level']): string[] {
  const ours = new Set(['ServerMqtt', 'ClientMqtt']);
  return logs.entries
    .filter((line) => line.level === level && ours.has(line.context ?? ''))
    .map(({ message }) => message);
}

function record(level: LogLine['level']): (message: unknown, ...rest: unknown[]) => void {
  return (message, ...rest) => {
    const context = rest.at(-1);
    logs.add({ level, message: String(message), context: typeof context === 'string' ? context : undefined });
  };
}

const recorder: LoggerService = {
  log: record('log'),
  warn: record('warn'),
  error: record('error'),
  debug: record('debug'),
  verbose: record('verbose'),
  fatal: record('fatal'),
};

Logger.overrideLogger(recorder);
beforeEach(() => logs.clear());
