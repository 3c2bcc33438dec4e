import { describe, expect, it } from '@jest/globals';
import { generate, writeToStream, type Packet } from 'mqtt-packet';
import { ControlStream } from '../../../../lib/wire/connection/control-stream.js';
import { frameOf } from '../inbound/support/frames.js';
import { packetReader, turns } from '../support/network.js';

/** What MQTT.js has written, packet by packet, and what else it did. */
class Bench {
  readonly written: Buffer[] = [];
  readonly events: string[] = [];
  readonly stream = new ControlStream({
    onPacket: ({ bytes, start, end }) => this.written.push(Buffer.from(bytes.subarray(start, end))),
    onEnd: () => this.events.push('end'),
    onDestroy: () => this.events.push('destroy'),
  });

  constructor() {
    this.stream.on('error', ({ message }) => this.events.push(`error ${message}`));
  }
}

const CONNECT: Packet = {
  cmd: 'connect',
  clientId: 'press-7',
  clean: true,
  keepalive: 60,
  username: 'a',
  password: Buffer.from('b'),
};
const SUBSCRIBE: Packet = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/#', qos: 1 }] };
const BYTES = [CONNECT, SUBSCRIBE, { cmd: 'pingreq' } as Packet].map((packet) => generate(packet));

describe('ControlStream', () => {
  it.each([1, 3, 1_000])('hands over whole packets, however MQTT.js writes them: %i bytes at a time', (length) => {
    const { stream, written } = new Bench();
    const bytes = Buffer.concat(BYTES);
    for (let at = 0; at < bytes.length; at += length) stream.write(bytes.subarray(at, at + length));
    expect(written).toEqual(BYTES);
  });

  it('hands over a packet as soon as MQTT.js has written it, though it holds it back until the turn ends', () => {
    const { stream, written } = new Bench();
    writeToStream(CONNECT, stream);
    writeToStream(SUBSCRIBE, stream);
    expect(written).toEqual(BYTES.slice(0, 2));
  });

  it('shows MQTT.js a packet that it may read later, when the buffer holds something else', async () => {
    const { stream } = new Bench();
    const shown: Packet[] = [];
    const frame = frameOf(generate({ cmd: 'unsuback', messageId: 258, granted: [] }));
    stream.receive(frame);
    frame.bytes.fill(0);
    const read = packetReader(4, (packet) => shown.push(packet));
    stream.on('data', read);
    await turns(2);
    expect(shown).toMatchObject([{ cmd: 'unsuback', messageId: 258 }]);
  });

  it('tells when MQTT.js has nothing more to write', async () => {
    const { stream, events } = new Bench();
    stream.end(BYTES[2]);
    await turns(2);
    expect(events[0]).toBe('end');
  });

  it('tells when MQTT.js drops the connection, once, and shows it nothing any more', async () => {
    const { stream, events } = new Bench();
    stream.destroy();
    stream.destroy();
    stream.receive(frameOf(BYTES[2]!));
    await turns(2);
    expect(events).toEqual(['destroy']);
    expect(stream.closed).toBe(true);
  });

  it('shows MQTT.js what ended the network connection', async () => {
    const { stream, events } = new Bench();
    stream.destroy(new Error('ECONNRESET'));
    await turns(2);
    expect(events).toEqual(['destroy', 'error ECONNRESET']);
  });
});
