import type { Command, CommandOption } from './command.js';

export const PROGRAM = 'nestjs-mqtt-transport';

const COMMON: readonly (readonly [flags: string, help: string])[] = [
  ['--help, -h', 'this help'],
  ['--version', 'the version of the package'],
];

/** The usage of one command, with a line for each option. */
export function helpOf({ name, usage, summary, options }: Command): string {
  const common = 'version' in options ? COMMON.slice(0, 1) : COMMON;
  const lines = [...Object.entries(options).map(lineOf), ...common];
  return `Usage: ${PROGRAM} ${name} ${usage} [options]\n\n${summary}\n\nOptions:\n${table(lines)}`;
}

/** The usage of several commands, with a line for each. */
export function helpOfAll(commands: readonly Command[]): string {
  const lines = commands.map(({ name, usage, summary }) => `  ${PROGRAM} ${name} ${usage}\n      ${summary}\n`);
  return `Usage:\n${lines.join('')}\nOptions:\n${table([['<command> --help, -h', 'the options of a command'], COMMON[1]!])}`;
}

function lineOf([name, { short, value, help }]: [string, CommandOption]): readonly [string, string] {
  return [`--${name}${short ? `, -${short}` : ''}${value ? ` ${value}` : ''}`, help];
}

function table(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([flags]) => flags.length));
  return lines.map(([flags, help]) => `  ${flags.padEnd(width)}  ${help}\n`).join('');
}
