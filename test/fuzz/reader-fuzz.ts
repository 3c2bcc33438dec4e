import { generate, type Packet } from 'mqtt-packet';
import { packetIdentifierOf, reasonCodeOf } from '../../lib/wire/inbound/acknowledgement-decoder.js';
import { checkControlPacket, decodeControlPacket } from '../../lib/wire/inbound/control-packets.js';
import { FrameReader, type Frame } from '../../lib/wire/inbound/frame-reader.js';
import { PacketType, packetTypeOf } from '../../lib/wire/inbound/packet-type.js';
import { ProtocolViolation } from '../../lib/wire/inbound/protocol-violation.js';
import { PublishDecoder } from '../../lib/wire/inbound/publish-decoder.js';
import type { Random } from '../support/random.js';

/** What came of bytes that were shown to the reader: the packets that it read, and what it said last. */
export interface ReaderFuzzResult {
  /** Packets that were made, each shown once for each place where it can be split. */
  readonly packets: number;
  readonly kinds: number;
  readonly violations: number;
  readonly problems: readonly string[];
}

const TOPIC = 'fuzz/topic';
const PROPERTIES = { contentType: 'a/b', correlationData: Buffer.from('c'), userProperties: { a: ['b', 'c'] } };
const REASONS = { reasonString: 'why', userProperties: { a: 'b' } };
const MAX_PROBLEMS = 10;

/** Valid packets of every kind of both versions, to be mutated; `62 00`, which once killed the process, is as it is. */
function seeds(protocolVersion: 4 | 5): Buffer[] {
  const v5 = protocolVersion === 5;
  const packets: object[] = [
    { cmd: 'connect', clientId: 'c', protocolId: 'MQTT', protocolVersion, clean: true, keepalive: 1 },
    {
      cmd: 'connack',
      sessionPresent: false,
      returnCode: 0,
      reasonCode: 0,
      ...(v5 && { properties: { receiveMaximum: 9 } }),
    },
    ...[0, 1, 2].map((qos) => ({
      cmd: 'publish',
      topic: TOPIC,
      payload: 'payload',
      qos,
      dup: false,
      retain: true,
      messageId: 7,
      ...(v5 && { properties: PROPERTIES }),
    })),
    ...['puback', 'pubrec', 'pubrel', 'pubcomp'].map((cmd) => ({
      cmd,
      messageId: 7,
      reasonCode: 0,
      ...(v5 && { properties: REASONS }),
    })),
    { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: TOPIC, qos: 1, nl: false, rap: false, rh: 0 }] },
    { cmd: 'suback', messageId: 7, granted: [0, 1, 2], ...(v5 && { properties: REASONS }) },
    { cmd: 'unsubscribe', messageId: 7, unsubscriptions: [TOPIC] },
    { cmd: 'unsuback', messageId: 7, granted: [0], ...(v5 && { properties: REASONS }) },
    { cmd: 'pingreq' },
    { cmd: 'pingresp' },
    { cmd: 'disconnect', reasonCode: 0x8b, ...(v5 && { properties: REASONS }) },
    { cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'm', ...REASONS } },
  ];
  const encoded = packets.map((packet) => generate(packet as Packet, { protocolVersion: 5 }));
  if (!v5) for (const [i, packet] of packets.entries()) encoded[i] = generateFor4(packet as Packet) ?? encoded[i]!;
  return [...encoded, Buffer.from([0x62, 0x00]), Buffer.from([0x00, 0x00])];
}

function generateFor4(packet: Packet): Buffer | undefined {
  try {
    return generate(packet, { protocolVersion: 4 });
  } catch {
    return undefined; // 3.1.1 has no AUTH
  }
}

/** Shows the reader malformed packets of all fifteen kinds, split at every byte: it reads them, or says what is wrong. */
export function fuzzReader(packets: number, protocolVersion: 4 | 5, random: Random): ReaderFuzzResult {
  const originals = seeds(protocolVersion);
  const problems: string[] = [];
  const kinds = new Set<number>();
  let violations = 0;
  for (let i = 0; i < packets && problems.length < MAX_PROBLEMS; i++) {
    const bytes = mutated(originals[i % originals.length]!, random);
    kinds.add(bytes[0]! >> 4);
    const whole = outcome([bytes], protocolVersion);
    if (whole.violation) violations++;
    const found = new Set<string>([whole.said]);
    for (let at = 1; at < bytes.length; at++)
      found.add(outcome([bytes.subarray(0, at), bytes.subarray(at)], protocolVersion).said);
    if (found.size > 1 || whole.problem) problems.push(`${bytes.toString('hex')}: ${[...found].join(' or ')}`);
  }
  return { packets, kinds: kinds.size, violations, problems };
}

function mutated(original: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(original);
  for (let changes = random.between(0, 3); changes > 0; changes--)
    bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
  if (random.next() < 0.2) bytes[0] = random.between(0, 255);
  return random.next() < 0.1 ? bytes.subarray(0, random.between(1, bytes.length)) : bytes;
}

interface Outcome {
  readonly said: string;
  readonly violation: boolean;
  readonly problem: boolean;
}

function outcome(chunks: readonly Buffer[], protocolVersion: 4 | 5): Outcome {
  const decoder = new PublishDecoder(protocolVersion, 10);
  const read: string[] = [];
  const reader = new FrameReader((frame) => read.push(show(frame, decoder, protocolVersion)));
  try {
    for (const chunk of chunks) {
      const lent = Buffer.from(chunk);
      reader.push(lent);
      lent.fill(0xee); // the bytes are the reader's during the call only
    }
  } catch (error) {
    const violation = error instanceof ProtocolViolation;
    return { said: `${read.join()} ${String(error)}`, violation, problem: !violation };
  }
  return { said: read.join(), violation: false, problem: false };
}

function show(frame: Frame, decoder: PublishDecoder, protocolVersion: 4 | 5): string {
  switch (packetTypeOf(frame)) {
    case PacketType.PUBLISH:
      return JSON.stringify(decoder.decode(frame));
    case PacketType.PUBACK:
    case PacketType.PUBREC:
    case PacketType.PUBREL:
    case PacketType.PUBCOMP:
      return `${packetTypeOf(frame)} ${packetIdentifierOf(frame)} ${reasonCodeOf(frame, protocolVersion)}`;
    default:
      checkControlPacket(frame, protocolVersion);
      return JSON.stringify(decodeControlPacket(frame, protocolVersion));
  }
}
