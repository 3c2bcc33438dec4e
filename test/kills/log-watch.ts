import { Logger } from '@nestjs/common';

/** Warnings of the transport that are no surprise. */
const EXPECTED = [
  /Connection to \S+ lost /,
  /Cannot connect to \S+ /,
  /closes the connection again and again, soon after it is made/, // a broker that is killed before it is a second old, three times
  /has lost the session of/, // a broker without persistence that is killed
  /has sent more than \d+ unacknowledged QoS 1 and 2 messages/, // Mosquitto does so in ordinary use
];
const MOST_LINES = 20;

/** Lines of a log that nobody expects, each once. */
export function unexpectedIn(log: string): string[] {
  const lines = log.split('\n').filter((line) => line !== '' && !EXPECTED.some((expected) => expected.test(line)));
  return [...new Set(lines)].slice(0, MOST_LINES).map((line) => `logged: ${line}`);
}

function nothing(): void {}

/** Collects the warnings and errors in Nest's log. Nothing goes to the console. */
export class LogWatch {
  private log = '';

  constructor() {
    const note = (message: unknown): void => void (this.log += `${String(message)}\n`);
    Logger.overrideLogger({ log: nothing, debug: nothing, verbose: nothing, warn: note, error: note, fatal: note });
  }

  /** What has been logged since the last call, and was not expected. */
  take(): string[] {
    const { log } = this;
    this.log = '';
    return unexpectedIn(log);
  }
}
