import { asyncApiCommand } from './async-api.command.js';
import { UsageError, type Command, type Output } from './command.js';
import { deadLettersCommands } from './dead-letters/dead-letters.command.js';
import { PROGRAM, helpOf, helpOfAll } from './help.js';
import { ownVersion } from './package-info.js';

const COMMANDS: readonly Command[] = [asyncApiCommand, ...deadLettersCommands];

const STANDARD: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
};

/** Runs a command. @returns the exit code: 0, 1 for a failure, 2 for wrong arguments */
export async function runCommand(args: readonly string[], output: Output = STANDARD): Promise<number> {
  const command = COMMANDS.find(({ name }) => wordsOf(name).every((word, i) => args[i] === word));
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    output.out(command ? helpOf(command) : helpOfAll(groupOf(args[0])));
    return 0;
  }
  if (args.includes('--version') && !command?.options['version']) {
    output.out(`${await ownVersion(PROGRAM)}\n`);
    return 0;
  }
  try {
    if (!command) throw new UsageError(unknown(args));
    await command.run(args.slice(wordsOf(command.name).length), output);
    return 0;
  } catch (error) {
    const { message } = error as Error;
    if (isParseError(error)) {
      output.err(`${tidy(message)} See ${PROGRAM} ${command!.name} --help.\n`);
      return 2;
    }
    output.err(`${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function wordsOf(name: string): readonly string[] {
  return name.split(' ');
}

/** The commands that begin with a word; all of them when none does. */
function groupOf(word: string | undefined): readonly Command[] {
  const group = COMMANDS.filter(({ name }) => wordsOf(name)[0] === word);
  return group.length > 0 ? group : COMMANDS;
}

function unknown([word = '', second = '']: readonly string[]): string {
  const group = groupOf(word);
  const names = group.map(({ name }) => name).join(', ');
  const given = group === COMMANDS || second === '' ? word : `${word} ${second}`;
  return `Unknown command "${given}". Give one of ${names}.`;
}

/** Whether `parseArgs` threw the error. */
function isParseError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}

/** One line, without advice on files whose names begin with a dash. */
function tidy(message: string): string {
  return message
    .replaceAll('\n', ' ')
    .replace(/\. To specify a positional argument.*$/, '')
    .replace(/\.?$/, '.');
}
