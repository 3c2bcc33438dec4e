/** An option of a command, as `parseArgs` takes it, and its line of the help. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** Name of its value in the help: `<time>`. */
  readonly value?: string;
  readonly help: string;
}

/** A command of `npx nestjs-mqtt-transport`. */
export interface Command {
  /** One word, or two: `dead-letters list`. */
  readonly name: string;
  /** Arguments without options, in one line. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, CommandOption>>;
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

export const NO_MODULE = 'Give the file of one module, such as dist/app.module.js.';
