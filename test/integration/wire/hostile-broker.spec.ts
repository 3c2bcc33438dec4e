/* oxlint-disable jest/expect-expect -- the functions that they share expect */
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo } from '../../support/test-broker.js';
import { startRawBroker, type RawBroker } from './raw-broker.js';

const MALFORMED_PACKET = 0x81;

/** Packets that lack what MQTT.js reads from them without looking. */
const WITHOUT_IDENTIFIER = [
  ['62 00', 'PUBREL'],
  ['40 00', 'PUBACK'],
  ['50 00', 'PUBREC'],
  ['70 00', 'PUBCOMP'],
  ['62 01 00', 'PUBREL'],
  ['90 00', 'SUBACK'],
  ['b0 00', 'UNSUBACK'],
] as const;

const VERSIONS_AND_ROLES = [
  [5, 'server'],
  [5, 'client'],
  [4, 'server'],
  [4, 'client'],
] as const;

interface Party {
  readonly broker: RawBroker;
  /** Sees to it that a message comes in. @param behind bytes that follow it in the same chunk */
  readonly works: (text: string, behind?: Buffer) => Promise<void>;
}

function event(text: string): { cmd: 'publish'; topic: string; payload: string; qos: 0; dup: false; retain: false } {
  return { cmd: 'publish', topic: 'hostile/event', payload: text, qos: 0, dup: false, retain: false };
}

async function connect(version: 4 | 5, role: 'server' | 'client'): Promise<Party> {
  const broker = await startRawBroker(version);
  const heard = new Journal<unknown>();

  @Controller()
  class Handlers {
    @EventPattern<string>('hostile/event')
    take(@Payload() data: unknown): void {
      heard.add(data);
    }
  }

  if (role === 'server') await startServer(connectionTo(broker.url, version), { controllers: [Handlers] });
  else {
    const client = createClient(connectionTo(broker.url, version));
    client.messages('hostile/event').subscribe(({ data }) => heard.add(data));
  }
  await subscribed(broker, 1);
  const works = async (text: string, behind: Buffer = Buffer.alloc(0)): Promise<void> => {
    broker.send(event(text), behind);
    await heard.first((data) => data === text);
  };
  return { broker, works };
}

/** Resolves when so many SUBSCRIBEs have come. */
async function subscribed(broker: RawBroker, count: number): Promise<void> {
  await broker.packets.until(() => broker.sent('subscribe').length >= count, `${count} SUBSCRIBEs`);
}

/** It has ended the connection for that reason, said so once, and works on the next one. */
async function survived({ broker, works }: Party, version: 4 | 5, packet: string): Promise<void> {
  await subscribed(broker, 2);
  await works('after');
  if (version === 5) await broker.packets.first(({ cmd }) => cmd === 'disconnect'); // on the connection before
  expect(broker.connections.size).toBe(2);
  const reasons = broker.sent('disconnect').map(({ reasonCode }) => reasonCode);
  expect(reasons).toEqual(version === 5 ? [MALFORMED_PACKET] : []);
  expect(transportLogs('warn')).toEqual([expect.stringContaining(packet)]);
  expect(transportLogs('error')).toEqual([]);
}

describe.each(VERSIONS_AND_ROLES)(
  'row 5: hostile bytes of the broker, protocol version %i, to a %s',
  (version, role) => {
    it.each(WITHOUT_IDENTIFIER)('%s, a %s without identifier: a new connection', async (bytes, packet) => {
      const party = await connect(version, role);
      await party.works('before');
      party.broker.send(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
      await survived(party, version, packet);
    });

    it('62 00 behind a message in one chunk: the message is taken', async () => {
      const party = await connect(version, role);
      await party.works('in front', Buffer.from('6200', 'hex'));
      await survived(party, version, 'PUBREL');
    });

    it('62, and 00 in another chunk', async () => {
      const party = await connect(version, role);
      party.broker.send(Buffer.from('62', 'hex'));
      await new Promise((resolve) => setImmediate(resolve)); // two writes: whether it is read in two does not matter
      party.broker.send(Buffer.from('00', 'hex'));
      await survived(party, version, 'PUBREL');
    });
  },
);

describe.each([5, 4] as const)(
  'row 5: hostile bytes of the broker before its CONNACK, protocol version %i',
  (version) => {
    it.each(['6200', '62020001', '40020001', '9003000100', '300a00016178787878787878'])(
      '%s: that attempt fails, and the next one succeeds',
      async (bytes) => {
        const broker = await startRawBroker(version);
        broker.greetings.push(Buffer.from(bytes, 'hex'));
        const client = createClient(connectionTo(broker.url, version));
        await client.publish('hostile/first', 1, { qos: 1 });
        expect(broker.connections.size).toBe(2);
        expect(broker.sent('publish').map(({ topic }) => topic)).toEqual(['hostile/first']);
        expect(transportLogs('warn')).toHaveLength(1);
      },
    );
  },
);
