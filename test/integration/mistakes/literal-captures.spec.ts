import { describe, expect, it } from '@jest/globals';
import { ClientMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { transportLogs } from '../../support/logs.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

async function start(): Promise<ClientMqtt> {
  const { url } = await startInProcessBroker();
  return createClient(connectionTo(url));
}

const PUBLISHED =
  'A message is published to "devices/{id}/state", and {id} is published literally: only @PublishTo and deadLetter replace captures. ' +
  'Put the value into the topic, for example `devices/${id}/state`.';

describe('a client that is given {id}', () => {
  it.each<[string, (client: ClientMqtt) => unknown]>([
    ['publish()', (client) => client.publish('devices/{id}/state', 1)],
    ['emit()', (client) => client.emit('devices/{id}/state', 1)],
    ['request()', (client) => client.request('devices/{id}/state', 1, { timeout: 1 }).catch(() => {})],
    ['send()', (client) => client.send('devices/{id}/state', 1).subscribe({ error: () => {} })],
    ['a publisher', (client) => client.publisher('devices/{id}/state').publish(1)],
  ])('in the topic of %s says so once, and what to do', async (_, use) => {
    const client = await start();
    await use(client);
    await use(client);
    expect(transportLogs('warn')).toEqual([PUBLISHED]);
  });

  it('in the filter of messages() says so, and what to do', async () => {
    const client = await start();
    client.messages('devices/{id}/state');
    expect(transportLogs('warn')).toEqual([
      'messages() listens to "devices/{id}/state", and {id} matches literally: only the patterns of handlers have captures. Listen to ' +
        '"devices/+/state", and take the level from the topic of the message.',
    ]);
  });

  it.each(['plain', 'a/{/b', 'a/x{id}/b', 'a/{}/b', 'a/{1}', 'a/{"cmd":"sum"}'])(
    'says nothing of %j',
    async (topic) => {
      const client = await start();
      await client.publish(topic, 1);
      client.messages(topic);
      expect(transportLogs('warn')).toEqual([]);
    },
  );

  it('publishes none the less: it is a valid topic', async () => {
    const { url, broker } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    closeAfterTest(() => client.close());
    const published = broker.waitFor('publish');
    await client.publish('devices/{id}/state', 1, { qos: 1 });
    expect((await published).message.topic).toBe('devices/{id}/state');
  });
});

describe('a client that is given a wildcard of another system', () => {
  it.each([
    ['devices/*/state', '*'],
    ['devices/**', '**'],
    ['devices/:id/state', ':id'],
    ['devices.*', '*'],
    ['devices/>', '>'],
  ])('%s says so once, and what to do', async (filter, level) => {
    const client = await start();
    client.messages(filter);
    client.messages(filter);
    expect(transportLogs('warn')).toEqual([
      `messages() listens to "${filter}", and "${level}" matches literally: it is no wildcard in MQTT. Use + for a level, # for the rest.`,
    ]);
  });

  it.each(['a/b*', 'a/x:id', 'a/:1', 'v1.0/a>b', '*a', '{"cmd":"*"}'])('says nothing of %j', async (filter) => {
    const client = await start();
    client.messages(filter);
    expect(transportLogs('warn')).toEqual([]);
  });
});
