#!/usr/bin/env node
import { runCommand } from './run-command.js';

async function main(): Promise<void> {
  const code = await runCommand(process.argv.slice(2));
  // exits although the application may leave handles open, such as a pool
  process.stdout.write('', () => process.exit(code));
}

void main();
