import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findExecutable } from '../../support/find-executable.js';
import { freePort } from '../../support/free-port.js';
import type { BrokerKind } from './broker-kind.js';
import { startBrokerProcess } from './broker-process.js';
import { debianTree } from './debian-tree.js';

/** Debian 12 has 3.10, which knows no MQTT 5.0; this suite has 4.0. */
const SUITE = 'trixie';
const PACKAGES = ['rabbitmq-server', 'bash', 'coreutils', 'dash', 'gawk', 'grep', 'libc-bin', 'sed'];
const TOOLS = ['apt-get', 'dpkg-deb', 'unshare', 'chroot'];

const config = (port: number): string => `listeners.tcp = none
mqtt.listeners.tcp.default = 127.0.0.1:${port}
anonymous_login_user = guest
anonymous_login_pass = guest
log.console = true
log.console.level = warning
log.file = false
`;

/** Runs in a tree and a process namespace of its own: nothing of the machine's is changed, and all of it ends with the launcher. */
export const rabbitmq: BrokerKind = {
  name: 'rabbitmq',
  title: 'RabbitMQ',
  missing() {
    const absent = TOOLS.filter((tool) => !findExecutable(tool));
    return absent.length === 0 ? undefined : `Debian or Ubuntu with ${absent.join(', ')}`;
  },
  prepare: async () => void (await debianTree('rabbitmq', SUITE, PACKAGES)),
  async launch() {
    const tree = await debianTree('rabbitmq', SUITE, PACKAGES);
    const server = await installed(tree);
    const [distributionPort, mapperPort] = [await freePort(), await freePort()];
    const broker = await startBrokerProcess('rabbitmq', async (folder, port) => {
      await mkdir(join(tree, 'data'), { recursive: true });
      await writeFile(join(folder, 'rabbitmq.conf'), config(port));
      await writeFile(join(folder, 'enabled_plugins'), '[rabbitmq_mqtt].\n');
      return {
        command: 'unshare',
        args: [
          ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
          ...['--mount', '--pid', '--fork', '--kill-child=SIGKILL', 'sh', '-ec'],
          `mount -t proc proc "$0/proc"
           mount --rbind /dev "$0/dev"
           mount --bind "$1" "$0/data"
           exec chroot "$0" /bin/sh "/usr/lib/rabbitmq/lib/$2/sbin/rabbitmq-server"`,
          ...[tree, folder, server],
        ],
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/data',
          LANG: 'C.UTF-8',
          RABBITMQ_NODENAME: 'mqtt@localhost',
          RABBITMQ_DIST_PORT: `${distributionPort}`,
          ERL_EPMD_PORT: `${mapperPort}`,
          ERL_EPMD_ADDRESS: '127.0.0.1',
          RABBITMQ_CONFIG_FILE: '/data/rabbitmq',
          RABBITMQ_ENABLED_PLUGINS_FILE: '/data/enabled_plugins',
          RABBITMQ_MNESIA_BASE: '/data/mnesia',
          RABBITMQ_LOG_BASE: '/data/log',
          RABBITMQ_LOGS: '-',
        },
      };
    });
    return { ...broker, version: server.replace('rabbitmq_server-', '') };
  },
};

/** Folder of the server, which names its version. */
async function installed(tree: string): Promise<string> {
  const folders = await readdir(join(tree, 'usr/lib/rabbitmq/lib'));
  const server = folders.find((name) => name.startsWith('rabbitmq_server-'));
  if (server === undefined) throw new Error(`No RabbitMQ in ${await readFile(join(tree, 'packages'), 'utf8')}`);
  return server;
}
