import { describe, expect, it } from '@jest/globals';
import type { IClientOptions, Packet } from 'mqtt';
import { resolveConnection } from '../../../../lib/options/connection-options.js';
import type { PublishPacket } from '../../../../lib/protocol/application-message.js';
import { NetworkConnection, type NetworkHost } from '../../../../lib/wire/connection/network-connection.js';
import type { AcknowledgementKind } from '../../../../lib/wire/outbound/in-flight-window.js';
import { PUBACK, type Writer } from '../../../../lib/wire/outbound/writer.js';
import { closeAfterTest } from '../../../support/closing.js';
import { eventually, within } from '../../../support/deadline.js';
import { BrokerPeer, type PeerConnection } from '../support/broker-peer.js';
import { packetReader } from '../support/network.js';

/** What a network connection reports, in words and in order. */
class Host implements NetworkHost {
  readonly watched = false;
  readonly events: string[] = [];
  readonly packets: PublishPacket[] = [];
  readonly writers = new Set<Writer>();
  /** Whether acknowledgements are for messages of the data plane. */
  known = true;
  onPublish: () => void = () => {};
  error: Error | undefined;

  sent(): void {}

  drained(): void {
    this.events.push('drained');
  }

  publish(packet: PublishPacket, writer: Writer): void {
    this.events.push(`publish ${packet.topic}`);
    this.packets.push(packet);
    this.writers.add(writer);
    this.onPublish();
  }

  released(identifier: number, writer: Writer): void {
    this.events.push(`pubrel ${identifier}`);
    this.writers.add(writer);
  }

  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean {
    this.events.push(`${kind} ${identifier} ${reasonCode}`);
    return this.known;
  }

  control(packet: Packet): void {
    this.events.push(packet.cmd);
  }

  failed(error: Error, inAnswer: boolean): void {
    this.error = error;
    this.events.push(inAnswer ? 'failed in answer' : 'failed');
  }

  /** Resolves when so much has been reported. */
  async reported(count: number): Promise<string[]> {
    await eventually(() => this.events.length >= count, `${count} things are reported`);
    return this.events;
  }
}

class Bench {
  /** What MQTT.js sees. */
  readonly shown: string[] = [];

  private constructor(
    readonly network: NetworkConnection,
    readonly host: Host,
    readonly peer: PeerConnection,
    version: 4 | 5,
  ) {
    const read = packetReader(version, (packet) => this.shown.push(packet.cmd));
    network.control.on('data', read);
    network.control.on('error', (error: NodeJS.ErrnoException) =>
      this.shown.push(`error ${error.code ?? error.message}`),
    );
    network.control.on('close', () => this.shown.push('close'));
  }

  static async open(version: 4 | 5 = 5, mqtt: IClientOptions = {}): Promise<Bench> {
    const [server, port] = await BrokerPeer.listen(version);
    const options = resolveConnection({ ...mqtt, url: `mqtt://127.0.0.1:${port}`, protocolVersion: version });
    const host = new Host();
    const endpoint = { protocol: 'mqtt' as const, host: '127.0.0.1', port, path: undefined };
    const network = await NetworkConnection.open(endpoint, options, host);
    closeAfterTest(() => {
      network.destroy();
      return network.closed;
    });
    return new Bench(network, host, await server.next(), version);
  }

  async closed(): Promise<void> {
    await within(this.network.closed, 'the network connection to close');
  }
}

const PUBLISH: Packet = { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, retain: false, dup: false };

describe('NetworkConnection, what comes in', () => {
  it('is handed on in order: messages to the data plane, the rest to MQTT.js', async () => {
    const { network, host, peer, shown } = await Bench.open();
    peer.send(
      { cmd: 'connack', reasonCode: 0, sessionPresent: false },
      PUBLISH,
      { cmd: 'pubrel', messageId: 7 },
      { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
      { cmd: 'pubrec', messageId: 2, reasonCode: 0x97 },
      { cmd: 'pubcomp', messageId: 3, reasonCode: 0 },
      { cmd: 'suback', messageId: 4, granted: [0] },
    );
    expect(await host.reported(7)).toEqual([
      'connack',
      'publish a',
      'pubrel 7',
      'puback 1 16',
      'pubrec 2 151',
      'pubcomp 3 0',
      'suback',
    ]);
    expect([...host.writers]).toEqual([network.writer]);
    await eventually(() => shown.length === 2, 'MQTT.js has seen its packets');
    expect(shown).toEqual(['connack', 'suback']);
  });

  it('is shown to MQTT.js where it acknowledges a message that the data plane has not sent', async () => {
    const { host, peer, shown } = await Bench.open();
    host.known = false;
    peer.send({ cmd: 'puback', messageId: 1 }, { cmd: 'pubrec', messageId: 2 }, { cmd: 'pubcomp', messageId: 3 });
    await eventually(() => shown.length === 3, 'MQTT.js has seen them');
    expect(shown).toEqual(['puback', 'pubrec', 'pubcomp']);
  });

  it('may come in pieces', async () => {
    const { host, peer } = await Bench.open();
    const [first, second] = [Buffer.from([0x30, 0x05, 0, 1]), Buffer.from([0x61, 0, 0x78])];
    peer.send(first);
    await within(new Promise((resolve) => setImmediate(resolve)), 'a turn');
    peer.send(second);
    await host.reported(1);
    expect(host.packets).toMatchObject([{ topic: 'a', payload: Buffer.from('x') }]);
  });

  it.each([
    [0, 'failed'],
    [2, 'publish a'],
  ])(
    'may have a Topic Alias up to the maximum of the CONNECT, which is %i [MQTT-3.3.2-10, MQTT-3.3.2-11]',
    async (maximum, event) => {
      const { host, peer } = await Bench.open(5, { properties: { topicAliasMaximum: maximum } });
      peer.send({ ...PUBLISH, properties: { topicAlias: 2 } });
      expect(await host.reported(1)).toEqual([event]);
    },
  );

  it('is not read while the broker does not read more than 1 MiB', async () => {
    const { network, host, peer } = await Bench.open();
    peer.socket.pause();
    const payload = Buffer.alloc(1_500_000);
    for (let i = 0; i < 8; i++) network.writer.publish({ topic: 'a', payload, qos: 1, retain: false }, i + 1, false);
    network.writer.flush();
    await eventually(() => network.writer.full, 'the socket is full');
    peer.send(PUBLISH);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(host.events).toEqual([]);
    peer.socket.resume();
    expect((await host.reported(2)).toSorted()).toEqual(['drained', 'publish a']);
  });
});

describe('NetworkConnection, what goes out', () => {
  it('leaves in the order in which both planes write it', async () => {
    const { network, peer } = await Bench.open();
    network.control.write(Buffer.from([0xc0, 0]));
    network.writer.acknowledge(PUBACK, 1);
    network.control.write(Buffer.from([0xc0]));
    network.writer.acknowledge(PUBACK, 2);
    network.control.write(Buffer.from([0]));
    network.writer.acknowledge(PUBACK, 3);
    await peer.sent(5);
    expect(peer.words).toEqual(['pingreq', 'puback', 'puback', 'pingreq', 'puback']);
  });

  it('ends with a DISCONNECT that MQTT.js writes: nothing follows it [MQTT-3.14.4-1]', async () => {
    const { network, peer } = await Bench.open();
    network.control.write(Buffer.from([0xe0, 0]));
    network.writer.acknowledge(PUBACK, 1);
    network.control.write(Buffer.from([0xc0, 0]));
    await peer.over();
    expect(peer.words).toEqual(['disconnect']);
  });

  it('ends when MQTT.js has nothing more to write', async () => {
    const bench = await Bench.open();
    bench.network.control.end(Buffer.from([0xc0, 0]));
    await bench.peer.over();
    expect(bench.peer.words).toEqual(['pingreq']);
    await bench.closed();
  });

  it('ends with a DISCONNECT of ours, behind everything else; what comes then is not read', async () => {
    const bench = await Bench.open();
    const { network, host, peer } = bench;
    network.writer.acknowledge(PUBACK, 1);
    network.end({ cmd: 'disconnect', reasonCode: 4 });
    peer.send(PUBLISH);
    await bench.closed();
    expect(peer.words).toEqual(['puback', 'disconnect']);
    expect(host.events).toEqual([]);
  });
});

describe('NetworkConnection, and PINGREQ', () => {
  it('tells the answers apart, whoever asked', async () => {
    const { network, host, peer, shown } = await Bench.open();
    const first = network.ping();
    network.control.write(Buffer.from([0xc0, 0])); // by MQTT.js
    const second = network.ping();
    await peer.sent(3);
    const answered: boolean[][] = [];
    for (let i = 1; i <= 3; i++) {
      peer.send({ cmd: 'pingresp' });
      await host.reported(i);
      answered.push([first(), second()]);
    }
    expect(answered).toEqual([
      [true, false],
      [true, false],
      [true, true],
    ]);
    await eventually(() => shown.length === 3, 'MQTT.js has seen them');
  });
});

describe('NetworkConnection, and a broker that breaks the protocol', () => {
  it.each<[string, Buffer, number, string]>([
    ['a PUBLISH at QoS 3 [MQTT-3.3.1-4]', Buffer.from([0x36, 3, 0, 1, 0x61]), 0x81, 'failed'],
    ['a PUBREL with the identifier 0 [MQTT-2.2.1-3]', Buffer.from([0x62, 2, 0, 0]), 0x81, 'failed'],
    ['a packet that only clients send', Buffer.from([0xc0, 0]), 0x82, 'failed'],
    ['a PUBACK without identifier', Buffer.from([0x40, 0]), 0x81, 'failed in answer'],
    ['a PUBREC with a reason code that it cannot have', Buffer.from([0x50, 3, 0, 1, 1]), 0x82, 'failed in answer'],
    ['a Remaining Length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]), 0x81, 'failed'],
  ])('by %s: 5.0 tells it why, and reads no more (section 4.13)', async (_, bytes, reasonCode, event) => {
    const bench = await Bench.open();
    const { host, peer } = bench;
    peer.send(Buffer.concat([bytes, Buffer.from([0x30, 4, 0, 1, 0x61, 0])]));
    await peer.over();
    expect(peer.packets).toMatchObject([{ cmd: 'disconnect', reasonCode }]);
    expect(host.events).toEqual([event]);
    await bench.closed();
  });

  it('3.1.1 has no word for it: the connection is dropped', async () => {
    const bench = await Bench.open(4);
    bench.peer.send(Buffer.from([0x36, 3, 0, 1, 0x61]));
    await bench.closed();
    await bench.peer.over();
    expect(bench.peer.packets).toEqual([]);
    expect(bench.host.events).toEqual(['failed']);
  });

  it.each([
    [5, ['failed'], [{ cmd: 'disconnect', reasonCode: 0x95 }]],
    [4, ['publish a'], []],
  ] as const)(
    'by more than the Maximum Packet Size, protocol version %i [MQTT-3.1.2-24]',
    async (version, events, sent) => {
      const mqtt = version === 5 ? { properties: { maximumPacketSize: 20 } } : {};
      const { host, peer } = await Bench.open(version, mqtt);
      peer.send({ ...PUBLISH, payload: 'x'.repeat(30) });
      expect(await host.reported(1)).toEqual(events);
      if (version === 5) await peer.over();
      expect(peer.packets).toMatchObject(sent);
    },
  );

  it('does not tell the broker of a fault of ours', async () => {
    const bench = await Bench.open();
    const { host, peer } = bench;
    host.onPublish = () => {
      throw new TypeError('a fault');
    };
    peer.send(PUBLISH, PUBLISH);
    await bench.closed();
    await peer.over();
    expect(peer.packets).toEqual([]);
    expect(host.events).toEqual(['publish a', 'failed']);
    expect(host.error?.message).toBe('a fault');
  });

  it('is not an answer any more when the answer was good', async () => {
    const { host, peer } = await Bench.open();
    peer.send({ cmd: 'puback', messageId: 1 }, Buffer.from([0xc0, 0]));
    expect(await host.reported(2)).toEqual(['puback 1 0', 'failed']);
  });
});

describe('NetworkConnection, when it is gone', () => {
  it('is so for MQTT.js too', async () => {
    const bench = await Bench.open();
    bench.peer.socket.end();
    await bench.closed();
    await eventually(() => bench.shown.includes('close'), 'MQTT.js hears of it');
    expect(bench.shown).toEqual(['close']);
    expect(bench.network.writer.usable).toBe(false);
  });

  it('shows MQTT.js what ended it', async () => {
    const bench = await Bench.open();
    bench.peer.reset();
    await bench.closed();
    await eventually(() => bench.shown.includes('close'), 'MQTT.js hears of it');
    expect(bench.shown).toEqual(['error ECONNRESET', 'close']);
  });

  it.each<[string, (network: NetworkConnection) => unknown]>([
    ['by us', (network) => network.destroy()],
    ['by MQTT.js', (network) => network.control.destroy()],
  ])('dropped %s', async (_, drop) => {
    const bench = await Bench.open();
    drop(bench.network);
    bench.peer.send(PUBLISH);
    await bench.closed();
    await bench.peer.over();
    expect(bench.host.events).toEqual([]);
    expect(bench.peer.packets).toEqual([]);
  });

  it('does not come about with options that cannot be used', async () => {
    const options = resolveConnection({ url: 'mqtts://127.0.0.1:1', cert: 'none' });
    const endpoint = { protocol: 'mqtts' as const, host: '127.0.0.1', port: 1, path: undefined };
    await expect(NetworkConnection.open(endpoint, options, new Host())).rejects.toThrow('no start line');
  });
});
