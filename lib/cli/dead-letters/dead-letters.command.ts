import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { exploreApplication } from '../../module/explored-application.js';
import type { ServerMqtt } from '../../server/mqtt.server.js';
import { NO_MODULE, UsageError, type Command } from '../command.js';
import { loadApplication } from '../load-application.js';
import { discardLetters } from './discard-letters.js';
import { listLetters } from './list-letters.js';
import { replayLetters } from './replay-letters.js';
import type { Task } from './task.js';
import { TASK_OPTIONS, type TaskOption, type TaskValues } from './task-options.js';
import { readWanted } from './wanted-letters.js';

const FILTER: readonly TaskOption[] = ['pattern', 'topic', 'error', 'since', 'before', 'broker'];

/** `nestjs-mqtt-transport dead-letters replay dist/app.module.js --all --error TimeoutError` */
export const deadLettersCommands: readonly Command[] = [
  commandOf('list', {
    usage: '<module>[#Export]',
    summary: 'Lists dead letters of a Nest module. Needs no broker.',
    options: [...FILTER, 'limit', 'newest', 'json'],
    task: listLetters,
  }),
  commandOf('replay', {
    usage: '<module>[#Export] <id>...|--all',
    summary:
      'Replays dead letters to their handlers, which run in this process, or to their topics. It connects with its own Client Identifier; ' +
      'the running application is not affected. Repair first: every replay that fails counts. The exit code is 1 when letters are left.',
    options: ['all', ...FILTER, 'to', 'data', 'per-second', 'max-replays'],
    task: replayLetters,
  }),
  commandOf('discard', {
    usage: '<module>[#Export] <id>...|--all',
    summary: 'Removes dead letters for good. Needs no broker.',
    options: ['all', ...FILTER],
    task: discardLetters,
  }),
];

interface Parts extends Pick<Command, 'usage' | 'summary'> {
  readonly options: readonly TaskOption[];
  readonly task: Task;
}

function commandOf(name: string, { usage, summary, options: names, task }: Parts): Command {
  const options = Object.fromEntries(names.map((option) => [option, TASK_OPTIONS[option]]));
  return {
    name: `dead-letters ${name}`,
    usage,
    summary,
    options,
    async run(args, output) {
      const parsed = parseArgs({ args: [...args], allowPositionals: true, options });
      const values = parsed.values as TaskValues; // fewer options are no other ones
      const [module, ...ids] = parsed.positionals;
      if (module === undefined) throw new UsageError(NO_MODULE);
      const perform = task({ wanted: readWanted(name, ids, values), values, output });
      const app = await loadApplication(module);
      try {
        const server = serverOf(app, values.broker);
        if (name === 'replay') await open(app, server);
        await perform(server.deadLetters);
      } finally {
        await app.close();
      }
    },
  };
}

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
    throw new UsageError(
      'No server of the application keeps dead letters. Give MqttModule.forRoot() the option deadLetters: { store }, and handlers ' +
        'deadLetter: true. A server that main.ts makes is found in an application that a function returns: dist/app.js#createApp.',
    );
  if (others.length > 0)
    throw new UsageError(`Several servers keep dead letters: select one with --broker, one of ${names.join(', ')}.`);
  return server;
}
