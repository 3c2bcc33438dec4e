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
import { HttpAnswer, isHttp } from '../network/http-answer.js';
import { openNetworkStream } from '../network/network-stream.js';
import { withoutEmptyUserName } from '../network/password-alone.js';

const PINGREQ_BYTES = Buffer.from([PacketType.PINGREQ << 4, 0]);
const ACKNOWLEDGEMENTS: Readonly<Record<number, AcknowledgementKind>> = {
  [PacketType.PUBACK]: 'puback',
  [PacketType.PUBREC]: 'pubrec',
  [PacketType.PUBCOMP]: 'pubcomp',
};

/** Handles the packets of a network connection. */
export interface PacketHandler {
  publish(packet: PublishPacket, writer: Writer): void;
  /** Handles a PUBREL. */
  released(identifier: number, writer: Writer): void;
  /** Handles an acknowledgement. @returns whether it is for a message of the data plane */
  acknowledged(kind: AcknowledgementKind, identifier: number, reasonCode: number): boolean;
}

/** The connection to which a network connection belongs. */
export interface NetworkHost extends PacketHandler {
  /** Whether `packetsend` has listeners. */
  readonly watched: boolean;
  sent(packet: Packet): void;
  drained(): void;
  /** A packet for MQTT.js has arrived; it is passed on afterwards. */
  control(packet: Packet): void;
  /**
   * The broker violated the protocol, or reading failed: the connection is being closed.
   *
   * @param inAnswer whether in the acknowledgement of a message: the broker may do so again for the same message
   */
  failed(error: Error, inAnswer: boolean): void;
}

/**
 * One network connection, which separates the two planes: PUBLISH and its acknowledgements are handled here, all other packets are passed
 * to MQTT.js over a stream.
 *
 * @internal
 */
export class NetworkConnection {
  /** The stream of MQTT.js. */
  readonly control: ControlStream;
  readonly writer: Writer;
  /** Resolves when the connection has ended. */
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

  /** @throws any error that prevents the connection from starting */
  static async open(
    endpoint: Endpoint,
    options: ResolvedConnectionOptions,
    host: NetworkHost,
  ): Promise<NetworkConnection> {
    const reader = { read: (_bytes: Buffer): void => {} }; // no bytes arrive before the CONNECT
    const stream = await openNetworkStream(endpoint, options, (bytes) => reader.read(bytes));
    const connection = new NetworkConnection(stream, options, host);
    reader.read = (first) => {
      reader.read = (bytes) => connection.read(bytes);
      if (isHttp(first)) connection.fail(new HttpAnswer());
      else connection.read(first);
    };
    return connection;
  }

  /** Ends the connection with a DISCONNECT. Further packets are not read. */
  end(disconnect?: Packet): void {
    this.reader.stop();
    this.writer.end(disconnect);
  }

  /** Writes a PINGREQ. @returns a function that returns whether the broker has answered, and so has received everything sent before */
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
      // for a message that the application has published with the MQTT.js client directly
      if (!this.host.acknowledged(kind, identifier, reasonCodeOf(frame, this.protocolVersion)))
        this.control.receive(frame);
      this.readingAnswer = false;
    } else if (type === PacketType.PUBREL) {
      const identifier = packetIdentifierOf(frame);
      reasonCodeOf(frame, this.protocolVersion); // validates it; the value is not needed
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
    if (type === PacketType.DISCONNECT) this.end(); // no packet may follow it [MQTT-3.14.4-1]
  }
}
