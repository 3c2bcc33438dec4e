import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
}

/** Name and version of the package in the working directory. */
export async function packageInfo(): Promise<{ readonly title: string; readonly version: string }> {
  const { name = 'Application', version = '0.0.0' } = await readPackage('.');
  return { title: name, version };
}

/** Version of the package `name`, which the running script is of. */
export async function ownVersion(name: string): Promise<string> {
  let folder = dirname(await realpath(process.argv[1]!)); // npx runs a link
  for (;;) {
    const found = await readPackage(folder);
    const above = dirname(folder);
    if (found.name === name || above === folder) return found.version ?? 'unknown';
    folder = above;
  }
}

/** Empty where there is none: it is optional. */
async function readPackage(folder: string): Promise<PackageJson> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageJson;
  } catch {
    return {};
  }
}
