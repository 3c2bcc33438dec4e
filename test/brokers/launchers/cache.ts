import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Folder of the launchers' own files: poms, Go sources, ... This program is compiled into another one. */
export const SOURCES = resolve('test/brokers/launchers');
const CACHE = resolve('node_modules/.cache/brokers');

/**
 * A folder that is filled once.
 *
 * @param name of the broker
 * @param recipe all that its contents depend on: another recipe fills another folder
 * @param fill is given an empty folder, which counts only when it is full
 */
export async function cached(name: string, recipe: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = cacheFolder(name, recipe);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await fill(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

function cacheFolder(name: string, recipe: string): string {
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  return join(CACHE, `${name}-${hash}`);
}
