import { MqttContext as NestMqttContext } from '@nestjs/microservices';
import type { PublishPacket, QoS, UserProperties } from '../protocol/application-message.js';
import { assertRefusal } from '../protocol/refusal.js';

/** Operations of a handler on its message. */
export interface MessageControl {
  /** 1 for the first run of the handler, 2 for the first retry, and so on. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** See {@link MqttContext.ack}. */
  ack(): void;
  /** See {@link MqttContext.nack}. */
  nack(): void;
  /** See {@link MqttContext.reject}. */
  reject(reasonCode?: number, reasonString?: string): void;
}

/** The handler of a message, and its connection. */
export interface MessageOrigin {
  /** The subscribed Topic Filter that matched. */
  readonly subscription: string;
  readonly params: Readonly<Record<string, string>>;
  readonly protocolVersion: 4 | 5;
  /** Metadata of Nest's envelope, if the message has one. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/**
 * The message of a handler: injected with `@Ctx()`; in guards, interceptors and filters it is the RPC context.
 *
 * Members for properties of 5.0 are `undefined`, or empty, on 3.1.1.
 */
export class MqttContext extends NestMqttContext {
  constructor(
    topic: string,
    private readonly packet: PublishPacket,
    private readonly origin: MessageOrigin,
    private readonly control: MessageControl,
  ) {
    super([topic, packet]);
  }

  /** The PUBLISH packet, in the format of MQTT.js. */
  override getPacket(): PublishPacket {
    return this.packet;
  }

  /**
   * Metadata that the caller's dispatch hooks have added to a message in Nest's envelope (Nest 12), as in the contexts of Nest's other
   * transports; undefined if there is none.
   */
  getMetadata(): Readonly<Record<string, string>> | undefined {
    return this.origin.metadata;
  }

  /** Values of the pattern's named captures. */
  get params(): Readonly<Record<string, string>> {
    return this.origin.params;
  }

  /** The subscribed Topic Filter that matched, including prefix and group. */
  get subscription(): string {
    return this.origin.subscription;
  }

  get protocolVersion(): 4 | 5 {
    return this.origin.protocolVersion;
  }

  get userProperties(): Readonly<UserProperties> {
    return this.packet.properties?.userProperties ?? NO_USER_PROPERTIES;
  }

  get contentType(): string | undefined {
    return this.packet.properties?.contentType;
  }

  get responseTopic(): string | undefined {
    return this.packet.properties?.responseTopic;
  }

  get correlationData(): Buffer | undefined {
    return this.packet.properties?.correlationData;
  }

  /** QoS of the delivery. */
  get qos(): QoS {
    return this.packet.qos;
  }

  /** RETAIN flag: the message was retained before the subscription; with Retain As Published, it was published as retained. */
  get retain(): boolean {
    return this.packet.retain;
  }

  /** DUP flag: the broker may have delivered the message before. */
  get dup(): boolean {
    return this.packet.dup;
  }

  /** 1 for the first run of the handler, 2 for the first retry, and so on. */
  get attempt(): number {
    return this.control.attempt;
  }

  /** Aborts when the request expires, when its caller cancels it, and when the server closes. */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** Acknowledges the message now. Only the first call of `ack`, `nack` or `reject` has an effect; at QoS 0 none has. */
  ack(): void {
    this.control.ack();
  }

  /** Withholds the acknowledgement: the broker delivers the message again when the session is resumed. */
  nack(): void {
    this.control.nack();
  }

  /**
   * Rejects the message permanently. When the reason code is not sent to the broker (at QoS 2 unless `negativeAcknowledgements` is
   * `'all'`, and on 3.1.1, which has no negative acknowledgement), the message is acknowledged and a warning is logged.
   *
   * @param reasonCode 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 or 0x99; default: the handler's `rejectReasonCode`
   * @throws InvalidOptionsError for another reason code: brokers may close the connection because of it
   */
  reject(reasonCode?: number, reasonString?: string): void {
    assertRefusal(reasonCode);
    this.control.reject(reasonCode, reasonString);
  }
}
