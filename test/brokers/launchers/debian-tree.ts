import { mkdir, readdir, symlink, writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.js';
import { run } from './run.js';

const ARCHIVE = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Packages of a Debian suite with all that they need, unpacked into a folder of their own, to be run with `chroot`. The machine's own
 * packages and lists are not touched. No script of a package runs.
 */
export function debianTree(name: string, suite: string, packages: readonly string[]): Promise<string> {
  return cached(name, JSON.stringify([suite, packages]), async (tree) => {
    const apt = join(tree, 'apt');
    const archives = await download(apt, suite, packages);
    for (const archive of archives)
      await run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2"', 'sh', archive, tree]);
    await rm(apt, { recursive: true });
    await symlink('gawk', join(tree, 'usr/bin/awk'));
    await writeFile(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n');
  });
}

/** Paths of the archives: what is asked for, and all that it depends on, as if nothing were installed. */
async function download(apt: string, suite: string, packages: readonly string[]): Promise<string[]> {
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(apt, folder), { recursive: true });
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${ARCHIVE} ${suite} main\n`);
  await writeFile(join(apt, 'status'), '');
  const options = [
    `Dir::State=${apt}/state`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    `Dir::Etc::SourceList=${apt}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    'APT::Sandbox::User=root', // the folder is nobody else's
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, 'update']);
  await run('apt-get', [...options, '--yes', '--no-install-recommends', '--download-only', 'install', ...packages]);
  const archives = join(apt, 'cache/archives');
  return (await readdir(archives)).filter((file) => file.endsWith('.deb')).map((file) => join(archives, file));
}
