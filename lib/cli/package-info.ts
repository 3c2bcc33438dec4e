import { readFile } from 'node:fs/promises';

/** Name and version of the package in the working directory. */
export async function packageInfo(): Promise<{ readonly title: string; readonly version: string }> {
  const { name = 'Application', version = '0.0.0' } = await readPackage();
  return { title: name, version };
}

async function readPackage(): Promise<{ readonly name?: string; readonly version?: string }> {
  try {
    return JSON.parse(await readFile('package.json', 'utf8')) as { name?: string; version?: string };
  } catch {
    return {}; // optional
  }
}
