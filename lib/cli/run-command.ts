import { asyncApiCommand } from './async-api.command.js';
import { UsageError, type Command, type Output } from './command.js';
import { deadLettersCommand } from './dead-letters/dead-letters.command.js';

const COMMANDS: readonly Command[] = [asyncApiCommand, deadLettersCommand];

const PROGRAM = 'nestjs-mqtt-transport';

const STANDARD: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
};

/** Runs a command. @returns the exit code: 0, 1 for a failure, 2 for wrong arguments */
export async function runCommand(args: readonly string[], output: Output = STANDARD): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--help' || name === '-h') {
    output.out(help());
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    output.err(`Unknown command "${name}".\n\n${help()}`);
    return 2;
  }
  try {
    await command.run(rest, output);
    return 0;
  } catch (error) {
    const { message } = error as Error;
    const wrong = error instanceof UsageError || isParseError(error);
    output.err(wrong ? `${message}\n\nUsage: ${PROGRAM} ${command.name} ${command.usage}\n` : `${message}\n`);
    return wrong ? 2 : 1;
  }
}

function help(): string {
  const lines = COMMANDS.map(({ name, usage, summary }) => `  ${PROGRAM} ${name} ${usage}\n      ${summary}\n`);
  return `Usage:\n${lines.join('')}`;
}

/** Whether `parseArgs` threw the error. */
function isParseError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}
