import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { MqttClient } from 'mqtt';
import { Journal } from '../../support/journal.js';
import { createClient, createServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Something {
  @EventPattern<string>('something')
  handle(): void {}
}

describe.each([5, 4] as const)('status, on() and unwrap() (version %i)', (protocolVersion) => {
  it('of a server tell the story of its connection', async () => {
    const { broker, url } = await startInProcessBroker();
    const options = { ...connectionTo(url, protocolVersion), clientId: 'server' };
    const { app, server } = await createServer(options, { controllers: [Something] });
    const states = new Journal<string>();
    const events = new Journal<string>();
    server.status.subscribe(states.add);
    for (const event of ['connect', 'close'] as const) server.on(event, () => events.add(event)); // before listen()
    expect(() => server.unwrap()).toThrow('Call listen()');
    await app.listen();
    expect(states.entries).toEqual(['connected']);
    expect(server.unwrap<MqttClient>().connected).toBe(true);
    broker.faults.drop('server');
    await states.atLeast(4);
    expect(states.entries).toEqual(['connected', 'disconnected', 'reconnecting', 'connected']);
    await app.close();
    expect(states.entries.at(-1)).toBe('closed');
    expect(events.entries).toEqual(['connect', 'close', 'connect', 'close']);
  });

  it('of a client tell the story of its connection', async () => {
    const { broker, url } = await startInProcessBroker();
    const client = createClient({ ...connectionTo(url, protocolVersion), clientId: 'client' });
    const states = new Journal<string>();
    const packets = new Journal<string>();
    client.status.subscribe(states.add);
    client.on('packetreceive', ({ cmd }) => packets.add(cmd)); // before connect()
    expect(() => client.unwrap()).toThrow('Call connect()');
    await client.connect();
    expect(client.unwrap<MqttClient>().connected).toBe(true);
    broker.faults.drop('client');
    await states.atLeast(4);
    await client.close();
    expect(states.entries).toEqual(['connected', 'disconnected', 'reconnecting', 'connected', 'closed']);
    expect(packets.entries).toEqual(['connack', 'connack']);
  });

  it('listeners outlive a client’s connection', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url, protocolVersion));
    const connects = new Journal<unknown>();
    client.on('connect', connects.add);
    await client.connect();
    await client.close();
    await client.connect();
    expect(connects.size).toBe(2);
  });
});
