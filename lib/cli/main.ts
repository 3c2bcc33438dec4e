#!/usr/bin/env node
import { runCommand } from './run-command.js';

async function main(): Promise<void> {
  const code = await runCommand(process.argv.slice(2));
  // what an application leaves open, such as a pool, does not keep the command from ending
  process.stdout.write('', () => process.exit(code));
}

void main();
