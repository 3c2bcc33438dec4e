import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findExecutable } from '../support/find-executable.js';
import type { Peer } from './peers.js';

/** Programs that a peer needs and that are not installed. */
export function missingPrograms({ toolchain }: Peer): string[] {
  return toolchain.filter((program) => findExecutable(program) === undefined);
}

/** @returns the folder that now holds its libraries and its program */
export function install(peer: Peer): string {
  const folder = resolve('.cache/peers', peer.name);
  const stamp = join(folder, 'installed');
  const manifest = readFileSync(peer.manifest, 'utf8');
  const installed = read(stamp) === manifest;
  if (!installed) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [program, ...args] of installed ? peer.build(folder) : [...peer.install(folder), ...peer.build(folder)])
    execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  writeFileSync(stamp, manifest);
  return folder;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
