import { Logger } from '@nestjs/common';
import { ClientMqtt, ServerMqtt, type MqttClientOptions } from '../../../../lib/index.js';
import { report, workerParameters } from '../../../support/worker-main.js';

export interface ClosingWorkerParameters {
  readonly role: 'client' | 'server';
  readonly options: MqttClientOptions;
  /** What it does before it closes. A server listens, whatever it is. */
  readonly act: 'nothing' | 'connect' | 'publish' | 'request' | 'listen';
  /** Whether `credentials()` never settles. */
  readonly withoutCredentials?: boolean;
}

export interface ClosingReport {
  readonly state?: string;
  /** What keeps the process alive after close(). */
  readonly left?: readonly string[];
}

const { role, act, withoutCredentials = false, options } = workerParameters<ClosingWorkerParameters>();
const all = { ...options, ...(withoutCredentials && { credentials: () => new Promise<object>(() => {}) }) };

function begin(): ClientMqtt | ServerMqtt {
  if (role === 'server') {
    const server = new ServerMqtt(all);
    server.addHandler('ends/+', () => Promise.resolve(), true);
    void server.listen(() => {});
    return server;
  }
  const client = new ClientMqtt(all);
  const acts = {
    nothing: () => Promise.resolve(),
    connect: () => client.connect(),
    publish: () => client.publish('ends/publish', 1, { qos: 1, timeout: 2_592_000_000 }),
    request: () => client.request('ends/request', 1, { timeout: 2_592_000_000 }),
    listen: () => client.messages('ends/listen')[Symbol.asyncIterator]().next(),
  };
  acts[act]().catch(() => {});
  return client;
}

async function end(): Promise<void> {
  await party.close();
  report({ left: process.getActiveResourcesInfo() });
}

Logger.overrideLogger(false);
const party = begin();
party.status.subscribe((state) => report({ state }));
process.once('message', () => void end());
report('ready');
