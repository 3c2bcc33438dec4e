import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { exploreApplication } from '../../module/explored-application.js';
import type { ServerMqtt } from '../../server/mqtt.server.js';
import { UsageError, type Command } from '../command.js';
import { loadApplication } from '../load-application.js';
import { discardLetters } from './discard-letters.js';
import { listLetters } from './list-letters.js';
import { replayLetters } from './replay-letters.js';
import { TASK_OPTIONS, type Task } from './task.js';
import { readWanted } from './wanted-letters.js';

const TASKS: Readonly<Record<string, (task: Task) => Promise<void>>> = {
  list: listLetters,
  replay: replayLetters,
  discard: discardLetters,
};

/** `nestjs-mqtt-transport dead-letters replay dist/app.module.js --all --error TimeoutError` */
export const deadLettersCommand: Command = {
  name: 'dead-letters',
  usage:
    'list|replay|discard <module>[#Export] [<id>...|--all] [--pattern <pattern>] [--topic <topic>] [--error <name>] [--since <time>] ' +
    '[--before <time>] [--broker <name>] [--limit <n>] [--newest] [--json] [--to handler|topic] [--data <json>] [--per-second <n>]',
  summary:
    'Lists the dead letters of a Nest module, discards them, or replays them: to their handlers, which run in this process, or to their ' +
    'topics. A replay connects with its own Client Identifier; the running application is not affected.',
  async run(args, output) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: TASK_OPTIONS });
    const [name = '', module, ...ids] = positionals;
    const task = TASKS[name];
    if (!task) throw new UsageError('Give list, replay or discard.');
    if (module === undefined) throw new UsageError('Give one module.');
    const wanted = readWanted(name, ids, values);
    const app = await loadApplication(module);
    try {
      const server = serverOf(app, values.broker);
      if (name === 'replay') await open(app, server);
      await task({ letters: server.deadLetters, wanted, values, output });
    } finally {
      await app.close();
    }
  },
};

/** Initializes the application, since handlers run, and connects the server for replays only. */
async function open(app: INestApplicationContext, server: ServerMqtt): Promise<void> {
  const { servers, clients } = exploreApplication(app);
  for (const each of [...servers, ...clients]) each.standAside();
  await app.init();
  await server.connectForReplays();
}

function serverOf(app: INestApplicationContext, broker: string | undefined): ServerMqtt {
  const keeping = exploreApplication(app).servers.filter(({ deadLetters }) => deadLetters.keepsLetters);
  const names = keeping.map((server) => server.describe().connection.name ?? '(unnamed)');
  const [server, ...others] = broker === undefined ? keeping : keeping.filter((_, i) => names[i] === broker);
  if (!server && broker !== undefined)
    throw new UsageError(
      `No server of broker "${broker}" keeps dead letters. Brokers that do: ${names.join(', ') || 'none'}.`,
    );
  if (!server)
    throw new UsageError('No server of the application keeps dead letters. Set its option deadLetters: { store }.');
  if (others.length > 0)
    throw new UsageError(`Several servers keep dead letters: select one with --broker, one of ${names.join(', ')}.`);
  return server;
}
