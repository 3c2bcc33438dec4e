import { describe, expect, it } from '@jest/globals';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

const newBroker = useBrokers();
const will = { topic: 'gone', payload: 'bye', qos: 1 as const };

describe('Will Messages', () => {
  it.each([4, 5] as const)('[MQTT-3.1.2-8] v%i: published when the connection breaks', async (v) => {
    const broker = newBroker();
    const watcher = await RawClient.connect(broker, { v });
    await watcher.subscribe('gone', { qos: 1 });
    const client = await RawClient.connect(broker, { v, will });
    const published = broker.waitFor('publish', ({ will: isWill }) => isWill);
    await client.drop(broker);
    expect((await published).clientId).toBe(client.clientId);
    await watcher.take(1);
    expect(watcher.payloads()).toEqual(['bye']);
  });

  it.each([4, 5] as const)('[MQTT-3.1.2-10] v%i: not published after a DISCONNECT', async (v) => {
    const broker = newBroker();
    const watcher = await RawClient.connect(broker, { v });
    await watcher.subscribe('gone', { qos: 1 });
    await (await RawClient.connect(broker, { v, will })).disconnect();
    expect(await watcher.take(0)).toEqual([]);
  });

  it.each([
    ['a DISCONNECT 0x04', async (client: RawClient) => client.disconnect(4)],
    ['a protocol error', async (client: RawClient) => (client.sendConnect(), client.end())],
  ])('published after %s', async (_, leave) => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { will });
    const published = broker.waitFor('publish', ({ will: isWill }) => isWill);
    await leave(client);
    expect((await published).message.topic).toBe('gone');
  });

  it('[MQTT-3.1.2-15] retained, with its properties and without its delay', async () => {
    const broker = newBroker();
    const properties = {
      contentType: 'x/y',
      userProperties: { k: 'v' },
      willDelayInterval: 0,
      messageExpiryInterval: 60,
    };
    const client = await RawClient.connect(broker, { will: { ...will, retain: true, properties } });
    await client.drop(broker);
    const watcher = await RawClient.connect(broker);
    await watcher.subscribe('gone');
    const [packet] = await watcher.take(1);
    expect(packet!.retain).toBe(true);
    expect(packet!.properties).toEqual({
      contentType: 'x/y',
      userProperties: expect.objectContaining({ k: 'v' }),
      messageExpiryInterval: 60,
    });
  });

  it('3.1.3.2.2 Will Delay Interval: published when it is over, not before', async () => {
    const broker = newBroker();
    const delayed = { ...will, properties: { willDelayInterval: 1 } };
    const client = await RawClient.connect(broker, { ...persistent(5, 'late'), will: delayed });
    await client.drop(broker);
    const left = Date.now();
    await broker.waitFor('publish', ({ will: isWill }) => isWill);
    expect(Date.now() - left).toBeGreaterThanOrEqual(990);
  });

  it('published at the end of the session when that is sooner than its delay', async () => {
    const broker = newBroker();
    const delayed = { ...will, properties: { willDelayInterval: 3600 } };
    const client = await RawClient.connect(broker, { ...persistent(5, 'late'), will: delayed });
    await client.drop(broker);
    const published = broker.waitFor('publish', ({ will: isWill }) => isWill);
    broker.faults.endSession('late');
    expect((await published).clientId).toBe('late');
  });

  it('[MQTT-3.1.3-9] not published when the client is back in time', async () => {
    const broker = newBroker();
    const published: unknown[] = [];
    broker.on('publish', (event) => published.push(event));
    const delayed = { ...will, properties: { willDelayInterval: 3600 } };
    const options = persistent(5, 'back');
    const client = await RawClient.connect(broker, { ...options, will: delayed });
    await client.drop(broker);
    await RawClient.connect(broker, options);
    broker.faults.endSession('back'); // whatever was still pending would be published now
    expect(published).toEqual([]);
  });

  it('[MQTT-3.1.4-3] of a connection that is taken over: published unless the session goes on within its delay', async () => {
    const broker = newBroker();
    const published: string[] = [];
    broker.on('publish', ({ message }) => published.push(message.payload.toString()));
    const options = persistent(5, 'same');
    await RawClient.connect(broker, { ...options, will: { ...will, payload: 'at once' } });
    const delayed = { ...will, payload: 'delayed', properties: { willDelayInterval: 60 } };
    await RawClient.connect(broker, { ...options, will: delayed });
    await RawClient.connect(broker, options);
    expect(published).toEqual(['at once']);
  });
});
