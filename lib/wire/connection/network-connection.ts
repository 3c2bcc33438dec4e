import type { Duplex } from 'node:stream';
import type { Packet } from 'mqtt';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { PublishPacket } from '../../protocol/application-message.js';
import { packetIdentifierOf, reasonCodeOf } from '../inbound/acknowledgement-decoder.js';
import { checkControlPacket, decodeControlPacket } from '../inbound/control-packets.js';
import { FrameReader, type Frame } from '../inbound/frame-reader.js';
import { PacketType, packetTypeOf } from '../inbound/packet-type.js';
import { ProtocolViolation } from '../inbound/protocol-violation.js';
import { PublishDecoder } from '../inbound/publish-decoder.js';
import type { AcknowledgementKind } from '../outbound/in-flight-window.js';
import { Writer } from '../outbound/writer.js';
import { ControlStream } from './control-stream.js';
import type { Endpoint } from '../network/endpoints.js';
import { openNetworkStream } from '../network/network-stream.js';
import { withoutEmptyUserName } from '../network/password-alone.js';

const PINGREQ_BYTES = Buffer.from([PacketType.PINGREQ << 4, 0]);
const ACKNOWLEDGEMENTS: Readonly<Record<number, AcknowledgementKind>> = {
  [PacketType.PUBACK]: 'puback',
  [PacketType.PUBREC]: 'pubrec',
  [PacketType.PUBCOMP]: 'pubcomp',
};

/** Where the packets of a network connection go. */
export interface PacketHandler {
  publish(packet: PublishPacket, writer: Writer): void;
  /** PUBREL. */
  released(identifier: number, writer: Writer): void;
  /** @returns whether it is for a message that the data plane has sent */
  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean;
}

/** What a network connection tells the connection that it is one of. */
export interface NetworkHost extends PacketHandler {
  /** Whether `packetsend` has listeners. */
  readonly watched: boolean;
  sent(packet: Packet): void;
  drained(): void;
  /** A packet for MQTT.js has come; it is shown to it afterwards. */
  control(packet: Packet): void;
  /**
   * The broker broke the protocol, or reading failed: the connection is being ended.
   *
   * @param inAnswer whether with its answer to a message, which may answer that message so again
   */
  failed(error: Error, inAnswer: boolean): void;
}

/**
 * One network connection, and the line between the two planes: PUBLISH and its acknowledgements are read and written here, all
 * other packets are MQTT.js's, which sees a stream that carries nothing else.
 *
 * @internal
 */
export class NetworkConnection {
  /** For MQTT.js. */
  readonly control: ControlStream;
  readonly writer: Writer;
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;
  private readonly reader: FrameReader;
  private readonly decoder: PublishDecoder;
  private readonly protocolVersion: 4 | 5;
  private readingAnswer = false;
  private pings = 0;
  private answeredPings = 0;

  private constructor(
    private readonly stream: Duplex,
    private readonly options: ResolvedConnectionOptions,
    private readonly host: NetworkHost,
  ) {
    const { protocolVersion, mqtt } = options;
    this.protocolVersion = protocolVersion;
    this.writer = new Writer(stream, protocolVersion, host);
    this.decoder = new PublishDecoder(protocolVersion, mqtt.properties?.topicAliasMaximum ?? 0);
    const maximumPacketSize = (protocolVersion === 5 && mqtt.properties?.maximumPacketSize) || Infinity;
    this.reader = new FrameReader((frame) => this.onFrame(frame), maximumPacketSize);
    this.control = new ControlStream({
      onPacket: (frame) => this.onControlPacket(frame),
      onEnd: () => this.end(),
      onDestroy: () => stream.destroy(),
    });
    stream.on('error', (error) => this.control.destroy(error));
    this.closed = new Promise((resolve) => {
      stream.on('close', () => {
        this.control.destroy();
        resolve();
      });
    });
  }

  /** @throws whatever keeps the connection from being begun */
  static async open(
    endpoint: Endpoint,
    options: ResolvedConnectionOptions,
    host: NetworkHost,
  ): Promise<NetworkConnection> {
    const reader = { read: (_bytes: Buffer): void => {} }; // nothing comes before a CONNECT has been sent
    const stream = await openNetworkStream(endpoint, options, (bytes) => reader.read(bytes));
    const connection = new NetworkConnection(stream, options, host);
    reader.read = (bytes) => connection.read(bytes);
    return connection;
  }

  /** Ends it with a DISCONNECT. What comes from now on is not read. */
  end(disconnect?: Packet): void {
    this.reader.stop();
    this.writer.end(disconnect);
  }

  /** Writes a PINGREQ. @returns whether it has been answered, and with it everything before it taken, when asked later */
  ping(): () => boolean {
    this.writer.append(PINGREQ_BYTES, 0, PINGREQ_BYTES.length);
    const number = ++this.pings;
    return () => this.answeredPings >= number;
  }

  destroy(): void {
    this.reader.stop();
    this.stream.destroy();
  }

  private read(bytes: Buffer): void {
    try {
      this.reader.push(bytes);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private fail(error: Error): void {
    this.host.failed(error, this.readingAnswer);
    const violation = error instanceof ProtocolViolation && this.protocolVersion === 5;
    if (violation) this.end({ cmd: 'disconnect', reasonCode: error.reasonCode });
    else this.destroy();
  }

  private onFrame(frame: Frame): void {
    const type = packetTypeOf(frame);
    if (type === PacketType.PUBLISH) {
      this.host.publish(this.decoder.decode(frame), this.writer);
      return;
    }
    const kind = ACKNOWLEDGEMENTS[type];
    if (kind !== undefined) {
      this.readingAnswer = true;
      const identifier = packetIdentifierOf(frame);
      // of a message that the application has published by the MQTT.js client itself
      if (!this.host.acknowledged(kind, identifier, reasonCodeOf(frame, this.protocolVersion)))
        this.control.receive(frame);
      this.readingAnswer = false;
    } else if (type === PacketType.PUBREL) {
      const identifier = packetIdentifierOf(frame);
      reasonCodeOf(frame, this.protocolVersion); // checked, though nothing depends on it
      this.host.released(identifier, this.writer);
    } else {
      if (type === PacketType.PINGRESP) this.answeredPings++;
      checkControlPacket(frame, this.protocolVersion);
      this.host.control(decodeControlPacket(frame, this.protocolVersion));
      this.control.receive(frame);
    }
  }

  private onControlPacket(frame: Frame): void {
    if (!this.writer.usable) return;
    const { bytes, start, end } = frame;
    const type = packetTypeOf(frame);
    if (type === PacketType.CONNECT && this.options.mqtt.username === undefined) {
      const connect = withoutEmptyUserName(bytes.subarray(start, end), this.options.mqtt.password);
      this.writer.append(connect, 0, connect.length);
      return;
    }
    this.writer.append(bytes, start, end);
    if (type === PacketType.PINGREQ) this.pings++;
    if (type === PacketType.DISCONNECT) this.end(); // nothing may follow it [MQTT-3.14.4-1]
  }
}
