import type { PublishPacket } from '../protocol/application-message.js';

/** Topics that the server itself listens on: no handler is looked for. */
export class InternalTopics {
  private readonly listeners = new Map<string, (packet: PublishPacket) => void>();

  add(topic: string, listener: (packet: PublishPacket) => void): void {
    this.listeners.set(topic, listener);
  }

  delete(topic: string): void {
    this.listeners.delete(topic);
  }

  /** @returns whether the message was for the server itself */
  receive(topic: string, packet: PublishPacket): boolean {
    const listener = this.listeners.get(topic);
    listener?.(packet);
    return listener !== undefined;
  }
}
