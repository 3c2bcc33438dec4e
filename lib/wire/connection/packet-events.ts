import type { Logger } from '@nestjs/common';
import type { IPublishPacket, MqttClient, Packet } from 'mqtt';
import type { PublishPacket } from '../../protocol/application-message.js';

/**
 * Emits the packet events of MQTT.js for packets that do not pass through it, to listeners that the application has added to `unwrap()`.
 * These listeners may throw, which must not end the connection.
 *
 * @internal
 */
export class PacketEvents {
  constructor(
    private readonly client: MqttClient,
    private readonly logger: Logger,
  ) {}

  /** Whether anyone listens for sent packets. */
  get sentWatched(): boolean {
    return this.client.listenerCount('packetsend') > 0;
  }

  /** Whether anyone listens for received packets. */
  get receivedWatched(): boolean {
    return this.client.listenerCount('packetreceive') > 0;
  }

  sent(packet: Packet): void {
    this.guard(() => this.client.emit('packetsend', packet));
  }

  received(packet: Packet): void {
    this.guard(() => this.client.emit('packetreceive', packet));
  }

  publish(packet: PublishPacket): void {
    if (this.receivedWatched) this.received(packet as Packet);
    if (this.client.listenerCount('message') > 0)
      this.guard(() => this.client.emit('message', packet.topic, packet.payload, packet as IPublishPacket));
  }

  private guard(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      this.logger.error(error);
    }
  }
}
