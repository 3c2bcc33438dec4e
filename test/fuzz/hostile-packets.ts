import { generate, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { Random } from '../support/random.js';

/** What an attacker who knows the contract would aim at. */
export interface Targets {
  readonly topics: readonly string[];
  readonly responseTopic: string;
  readonly correlationData: Buffer;
}

const NAMES = ['__proto__', 'constructor', 'prototype', '', 'x'.repeat(5_000), 'toString', 'ünï', 'a'];
const CONTRACT: readonly [string, readonly string[]][] = [
  ['nest-error', ['rpc', 'internal', 'bad-request', 'no such code', '', '__proto__']],
  ['nest-stream', ['0', '1', '0;last', '7;end', '-1', '1e9', 'NaN', '0;', ';', '9007199254740993', '']],
  ['nest-control', ['control/x', '#', '$SYS/x', '', 'a/+/b', '\u0001']],
  ['nest-cancel', ['1', '0', '']],
];
const CONTENT_TYPES = [
  'application/json',
  'text/plain',
  'application/octet-stream',
  'application/json; charset=utf-16',
  '',
  'x/y',
];
const PAYLOADS: readonly (string | Buffer)[] = [
  '',
  'null',
  '{',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  '{"pattern":"fuzz/echo","data":{"__proto__":{"polluted":true}},"id":"1"}',
  '{"pattern":{"cmd":"x"},"data":1,"id":{"a":1}}',
  '{"pattern":"fuzz/echo","id":null}',
  '{"response":1,"isDisposed":"yes","id":"1"}',
  '{"err":{"message":"x"},"id":"1"}',
  '['.repeat(20_000),
  `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`,
  '1e999',
  '"\\ud800"',
  Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
  Buffer.alloc(70_000, 0x7b),
];
const KINDS = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const;

/** A connection ends over the first packet that is malformed: most are well-formed, or nobody would see what they hold. */
const MALFORMED = 0.01;
const MALFORMED_TOPICS = ['', 'a/+', '\u0000'];
const REASON_CODES = { puback: [0, 0x10, 0x80, 0x97], pubrec: [0, 0x10, 0x87], pubrel: [0, 0x92], pubcomp: [0, 0x92] };

/** Packets that no honest broker would send: well-formed ones with hostile contents, mutated ones, and noise. */
export class HostilePackets {
  constructor(
    private readonly random: Random,
    private readonly protocolVersion: 4 | 5,
  ) {}

  next(targets: Targets): Buffer {
    const { random } = this;
    const kind = random.next();
    if (kind < 0.002) return this.noise();
    const packet = kind < 0.9 ? this.publish(targets) : this.other();
    let bytes: Buffer;
    try {
      bytes = generate(packet, { protocolVersion: this.protocolVersion });
    } catch {
      return this.noise(); // even the generator refuses it
    }
    return random.next() < MALFORMED ? this.mutate(bytes) : bytes;
  }

  private one<T>(of: readonly T[]): T {
    return of[this.random.between(0, of.length - 1)]!;
  }

  private noise(): Buffer {
    return Buffer.from(Array.from({ length: this.random.between(1, 200) }, () => this.random.between(0, 255)));
  }

  private mutate(bytes: Buffer): Buffer {
    const { random } = this;
    const at = random.between(0, bytes.length - 1);
    switch (random.between(0, 3)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        return Buffer.concat([bytes.subarray(0, at), this.noise(), bytes.subarray(at)]);
      case 2:
        return Buffer.concat([bytes.subarray(at), bytes]);
      default: {
        const changed = Buffer.from(bytes);
        changed[at] = random.between(0, 255);
        return changed;
      }
    }
  }

  private publish({ topics, responseTopic, correlationData }: Targets): Packet {
    const { random } = this;
    const qos = random.between(0, 2) as 0 | 1 | 2;
    const packet: IPublishPacket = {
      cmd: 'publish',
      topic: this.topic(topics, responseTopic),
      payload: random.next() < 0.2 ? this.noise() : this.one(PAYLOADS),
      qos,
      dup: qos > 0 && random.next() < 0.3,
      retain: random.next() < 0.2,
      messageId: qos > 0 ? random.between(1, 50) : undefined,
    };
    if (this.protocolVersion === 4) return packet;
    const properties: NonNullable<IPublishPacket['properties']> = { userProperties: this.userProperties() };
    if (random.next() < 0.5) properties.contentType = this.one(CONTENT_TYPES);
    if (random.next() < 0.5) properties.correlationData = random.next() < 0.5 ? correlationData : this.noise();
    if (random.next() < 0.3)
      properties.responseTopic = this.one(['reply/x', '#', '$SYS/a', 'a/+', '', 'x'.repeat(60_000), 'fuzz/echo']);
    if (random.next() < 0.2) properties.messageExpiryInterval = random.between(0, 2);
    if (random.next() < 0.1) properties.topicAlias = random.between(random.next() < MALFORMED ? 0 : 1, 50);
    if (random.next() < 0.2) properties.subscriptionIdentifier = random.between(1, 300);
    return { ...packet, properties };
  }

  private topic(topics: readonly string[], responseTopic: string): string {
    if (this.random.next() < MALFORMED) return this.one(MALFORMED_TOPICS);
    return this.random.next() < 0.3 ? responseTopic : this.one(topics);
  }

  private userProperties(): Record<string, string | string[]> {
    const { random } = this;
    const properties = Object.create(null) as Record<string, string | string[]>;
    for (let left = random.between(0, 3); left > 0; left--) {
      const [name, values] = random.next() < 0.5 ? this.one(CONTRACT) : [this.one(NAMES), NAMES];
      properties[name] = random.next() < 0.3 ? [this.one(values), this.one(values)] : this.one(values);
    }
    return properties;
  }

  private acknowledgement(messageId: number, reasonCode: number): Packet {
    const cmd = this.one(KINDS);
    return { cmd, messageId, reasonCode: reasonCode || this.one(REASON_CODES[cmd]) };
  }

  private other(): Packet {
    const { random } = this;
    const malformed = random.next() < MALFORMED * 10;
    const messageId = random.between(malformed ? 0 : 1, 50);
    const reasonCode = malformed ? random.between(0, 255) : 0;
    switch (malformed ? random.between(0, 9) : 9) {
      case 0:
        return { cmd: 'suback', messageId, granted: [random.between(0, 255)] };
      case 1:
        return { cmd: 'unsuback', messageId, granted: [random.between(0, 255)] } as never;
      case 2:
        return { cmd: 'pingresp' };
      case 3:
        return random.next() < 0.05
          ? { cmd: 'disconnect', reasonCode }
          : { cmd: 'connack', reasonCode, returnCode: reasonCode % 6, sessionPresent: false };
      default:
        return this.acknowledgement(messageId, reasonCode);
    }
  }
}
