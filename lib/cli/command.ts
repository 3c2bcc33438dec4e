/** A command of `npx nestjs-mqtt-transport`. */
export interface Command {
  readonly name: string;
  /** What follows the name, in one line. */
  readonly usage: string;
  readonly summary: string;
  /** @throws UsageError when the arguments are not understood */
  run(args: readonly string[], output: Output): Promise<void>;
}

/** Where a command writes to. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person sees what is written to `err`, and a line can be written over. */
  readonly isTerminal?: boolean;
}

/** Arguments that a command does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
