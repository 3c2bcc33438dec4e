import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { Frame } from './frame-reader.js';
import { InboundTopicAliases } from './inbound-topic-aliases.js';
import { malformed, protocolError, ProtocolViolation } from './protocol-violation.js';
import { PropertyMemory, readPublishProperties } from './publish-properties.js';
import { TextMemory } from './text-memory.js';
import { endOfString, readUtf8String } from './utf8-string.js';
import { variableByteInteger, variableByteIntegerWidth } from '../variable-byte-integer.js';

/** Flags of a PUBLISH (section 3.3.1). */
const RETAIN = 0x01;
const QOS_SHIFT = 1;
const QOS_MASK = 0x03;
const DUP = 0x08;
/** Up to this many bytes, a loop copies faster than Buffer. */
const SHORT_PAYLOAD = 48;
const NO_PAYLOAD = Buffer.alloc(0);

/** Decodes the PUBLISH packets of one connection (section 3.3). */
export class PublishDecoder {
  private readonly hasProperties: boolean;
  private readonly aliases: InboundTopicAliases;
  private readonly topics = new TextMemory(1_024);
  private readonly memory = new PropertyMemory();

  /** @param topicAliasMaximum Topic Alias Maximum of the CONNECT; 0 for none */
  constructor(protocolVersion: 4 | 5, topicAliasMaximum: number) {
    this.hasProperties = protocolVersion === 5;
    this.aliases = new InboundTopicAliases(topicAliasMaximum);
  }

  /**
   * Decodes a PUBLISH into an object that always has the same shape. No bytes of the frame are kept, except the payload of a frame that
   * owns its bytes.
   *
   * @throws ProtocolViolation
   */
  decode({ bytes, start, body, end, owned }: Frame): PublishPacket {
    const header = bytes[start]!;
    const qos = (header >> QOS_SHIFT) & QOS_MASK;
    const dup = (header & DUP) !== 0;
    if (qos === QOS_MASK) throw malformed('A PUBLISH has QoS 3 [MQTT-3.3.1-4]');
    if (dup && qos === 0) throw malformed('A PUBLISH at QoS 0 has the DUP flag [MQTT-3.3.1-2]');

    let at = endOfString(bytes, body, end, 'Topic Name of a PUBLISH');
    let topic = this.topicName(bytes, body + 2, at);
    let messageId: number | undefined;
    if (qos > 0) {
      messageId = packetIdentifier(bytes, at, end);
      at += 2;
    }
    let properties;
    if (this.hasProperties) {
      const from = at + widthOfLength(bytes, at, end);
      const to = from + variableByteInteger(bytes, at);
      if (to > end) throw malformed('The properties of a PUBLISH are longer than the packet (section 3.3.2.3.1)');
      if (to > from) {
        properties = readPublishProperties(bytes, from, to, this.memory);
        if (properties.topicAlias !== undefined) topic = this.aliases.resolve(topic, properties.topicAlias);
      }
      at = to;
    }
    if (topic === '') throw this.noTopic();
    return {
      cmd: 'publish',
      topic,
      payload: owned ? bytes.subarray(at, end) : copy(bytes, at, end),
      qos: qos as QoS,
      retain: (header & RETAIN) !== 0,
      dup,
      messageId,
      length: end - body,
      properties,
    };
  }

  private topicName(bytes: Buffer, start: number, end: number): string {
    const known = this.topics.recall(bytes, start, end);
    if (known !== undefined) return known;
    const topic = readUtf8String(bytes, start, end, 'Topic Name of a PUBLISH');
    if (topic.includes('#') || topic.includes('+')) {
      throw new ProtocolViolation(
        ReasonCode.TOPIC_NAME_INVALID,
        'The Topic Name of a PUBLISH contains a wildcard [MQTT-3.3.2-2]',
      );
    }
    this.topics.remember(bytes, start, end, topic);
    return topic;
  }

  private noTopic(): ProtocolViolation {
    return this.hasProperties
      ? protocolError('A PUBLISH has neither Topic Name nor Topic Alias (section 3.3.2.1)')
      : malformed('A PUBLISH has an empty Topic Name [MQTT-4.7.3-1]');
  }
}

function packetIdentifier(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw malformed('A PUBLISH at QoS 1 or 2 has no Packet Identifier (section 3.3.2.2)');
  const identifier = (bytes[at]! << 8) | bytes[at + 1]!;
  if (identifier === 0) throw malformed('A PUBLISH has the Packet Identifier 0 [MQTT-2.2.1-3]');
  return identifier;
}

function widthOfLength(bytes: Buffer, at: number, end: number): number {
  const width = variableByteIntegerWidth(bytes, at, end, 'length of the properties of a PUBLISH');
  if (width === 0) throw malformed('A PUBLISH ends before its properties (section 3.3.2.3.1)');
  return width;
}

function copy(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length === 0) return NO_PAYLOAD; // allocating an empty Buffer takes longer than a small one
  const payload = Buffer.allocUnsafe(length);
  if (length > SHORT_PAYLOAD) bytes.copy(payload, 0, start, end);
  else for (let i = 0; i < length; i++) payload[i] = bytes[start + i]!;
  return payload;
}
