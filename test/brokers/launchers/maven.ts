import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findExecutable } from '../../support/find-executable.js';
import { cached, SOURCES } from './cache.js';
import { run } from './run.js';

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** What has to be installed for a broker of Maven Central; undefined when it is. */
export function missingJava(): string | undefined {
  if (findExecutable('javac') && findExecutable('mvn')) return undefined;
  return 'a JDK (17 or later) and Maven: apt-get install openjdk-17-jdk-headless maven';
}

/** Folder of a broker's jars, as `<name>/pom.xml` lists them. */
export async function jarsOf(name: string): Promise<string> {
  const pom = join(SOURCES, name, 'pom.xml');
  return cached(name, readFileSync(pom, 'utf8'), async (folder) => {
    await copyFile(pom, join(folder, 'pom.xml'));
    const args = [
      '--batch-mode',
      '--quiet',
      COPY_DEPENDENCIES,
      `-DoutputDirectory=${folder}`,
      '-DincludeScope=runtime',
    ];
    await run('mvn', args, { cwd: folder });
  });
}

/** Version of an artefact in the pom of a broker. */
export function versionInPom(name: string, artifact: string): string {
  const pom = readFileSync(join(SOURCES, name, 'pom.xml'), 'utf8');
  const version = new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`).exec(pom)?.[1];
  if (version === undefined) throw new Error(`The pom of ${name} names no ${artifact}`);
  return version;
}
