/** A command of `npx nestjs-mqtt-transport`. */
export interface Command {
  readonly name: string;
  /** Arguments, in one line. */
  readonly usage: string;
  readonly summary: string;
  /** @throws UsageError when the arguments are invalid */
  run(args: readonly string[], output: Output): Promise<void>;
}

/** Output streams of a command. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal, in which a line can be overwritten. */
  readonly isTerminal?: boolean;
}

/** The arguments of a command are invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
