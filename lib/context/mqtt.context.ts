import { MqttContext as NestMqttContext } from '@nestjs/microservices';
import type { PublishPacket, QoS, UserProperties } from '../protocol/application-message.js';
import { assertRefusal } from '../protocol/refusal.js';

/** What a handler can do about the message that it runs for. */
export interface MessageControl {
  /** 1 for the first run of the handler for this message, 2 for its first retry, ... */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** See {@link MqttContext.ack}. */
  ack(): void;
  /** See {@link MqttContext.nack}. */
  nack(): void;
  /** See {@link MqttContext.reject}. */
  reject(reasonCode?: number, reasonString?: string): void;
}

/** What is known of the handler and its connection before a message comes. */
export interface MessageOrigin {
  /** Topic Filter that matched, as it was subscribed. */
  readonly subscription: string;
  readonly params: Readonly<Record<string, string>>;
  readonly protocolVersion: 4 | 5;
  /** Of the message, where it came in Nest's envelope. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/**
 * The message that a handler runs for: injected with `@Ctx()`, and in guards, interceptors and filters the RPC context.
 *
 * Whatever exists on 5.0 only is `undefined`, or empty, on 3.1.1.
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

  /** The PUBLISH packet as MQTT.js gives it. */
  override getPacket(): PublishPacket {
    return this.packet;
  }

  /**
   * What the caller's dispatch hooks have added to a message in Nest's envelope (Nest 12), as the contexts of Nest's other transports
   * give it; undefined where there is none.
   */
  getMetadata(): Readonly<Record<string, string>> | undefined {
    return this.origin.metadata;
  }

  /** Values of the pattern's named captures. */
  get params(): Readonly<Record<string, string>> {
    return this.origin.params;
  }

  /** Topic Filter that matched, as it was subscribed: prefix and group included. */
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

  /** QoS that the message was delivered with. */
  get qos(): QoS {
    return this.packet.qos;
  }

  /** Whether the broker had kept the message, or (Retain As Published) was told to. */
  get retain(): boolean {
    return this.packet.retain;
  }

  /** Whether the broker may have delivered the message before. */
  get dup(): boolean {
    return this.packet.dup;
  }

  /** 1 for the first run of the handler for this message, 2 for its first retry, and so on. */
  get attempt(): number {
    return this.control.attempt;
  }

  /** Aborts when the request expires, when its caller cancels it, and when the server closes. */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** Acknowledges the message now. The first of `ack`, `nack` and `reject` counts; on QoS 0 none of them does anything. */
  ack(): void {
    this.control.ack();
  }

  /** Withholds the acknowledgement: the broker delivers the message again when the session is resumed. */
  nack(): void {
    this.control.nack();
  }

  /**
   * Refuses the message for good. Where the broker is not told (at QoS 2 unless `negativeAcknowledgements` is `'all'`, and on 3.1.1,
   * which has no negative acknowledgement) it is acknowledged, and the log has a warning.
   *
   * @param reasonCode 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 or 0x99; default: the handler's `rejectReasonCode`
   * @throws InvalidOptionsError when it is another one: brokers may end the connection over it
   */
  reject(reasonCode?: number, reasonString?: string): void {
    assertRefusal(reasonCode);
    this.control.reject(reasonCode, reasonString);
  }
}
