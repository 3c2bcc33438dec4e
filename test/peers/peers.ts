import { join, resolve } from 'node:path';

type Command = readonly [program: string, ...args: string[]];

/** A client library in another language, and the program in its folder that puts it to the test. */
export interface Peer {
  /** Name of its folder, and on the command line. */
  readonly name: string;
  /** In the table. */
  readonly title: string;
  /** Programs that have to be installed. */
  readonly toolchain: readonly string[];
  /** What says which libraries it needs; when it changes they are installed again. */
  readonly manifest: string;
  /** Puts its libraries into `folder`. */
  install(folder: string): readonly Command[];
  /** Puts what is compiled of it there. */
  build(folder: string): readonly Command[];
  run(folder: string, broker: URL): Command;
  /** First level of the topics that it serves. */
  readonly prefix: string;
  /** Value of its User Property `from`. */
  readonly from: string;
}

const PEERS = resolve('test/peers');

function installPython(folder: string, peer: string): readonly Command[] {
  const requirements = join(peer, 'requirements.txt');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  return [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin/python'), ...pip],
  ];
}

const paho = join(PEERS, 'paho-mqtt');
const faststream = resolve('test/integration/peers/faststream');
const autopaho = join(PEERS, 'autopaho');
const hivemq = join(PEERS, 'hivemq-java');
const OWN = { prefix: 'peer', from: 'peer' };

export const ALL_PEERS: readonly Peer[] = [
  {
    name: 'faststream',
    title: 'FastStream (Python)',
    toolchain: ['python3'],
    manifest: join(faststream, 'requirements.txt'),
    install: (folder) => installPython(folder, faststream),
    build: () => [],
    run: (folder, broker) => [join(folder, 'bin/python'), join(faststream, 'peer.py'), broker.href, '5.0'],
    prefix: 'fs',
    from: 'faststream',
  },
  {
    name: 'paho-mqtt',
    title: 'paho-mqtt (Python)',
    toolchain: ['python3'],
    manifest: join(paho, 'requirements.txt'),
    install: (folder) => installPython(folder, paho),
    build: () => [],
    run: (folder, { hostname, port }) => [join(folder, 'bin/python'), join(paho, 'peer.py'), hostname, port],
    ...OWN,
  },
  {
    name: 'hivemq-java',
    title: "HiveMQ's client (Java)",
    toolchain: ['mvn', 'javac', 'java'],
    manifest: join(hivemq, 'pom.xml'),
    install: (folder) => [
      ['mvn', '-q', '-B', '-f', hivemq, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}/lib`],
    ],
    build: (folder) => [['javac', '-d', `${folder}/classes`, '-cp', `${folder}/lib/*`, join(hivemq, 'Peer.java')]],
    run: (folder, { hostname, port }) => ['java', '-cp', `${folder}/classes:${folder}/lib/*`, 'Peer', hostname, port],
    ...OWN,
  },
  {
    name: 'autopaho',
    title: 'autopaho with its rpc (Go)',
    toolchain: ['go'],
    manifest: join(autopaho, 'go.mod'),
    install: () => [['go', 'mod', '-C', autopaho, 'download']],
    build: (folder) => [['go', 'build', '-C', autopaho, '-o', `${folder}/peer`, '.']],
    run: (folder, { hostname, port }) => [`${folder}/peer`, hostname, port],
    ...OWN,
  },
];
