import type { Logger } from '@nestjs/common';
import { describeThrown } from '../../errors/describe-thrown.js';
import type { PublishPacket } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import { NACK, type Settling } from '../../protocol/delivery.js';
import type { AdHocListener } from './ad-hoc-subscriptions.js';
import type { MessageObserver } from './message-stream.js';
import { messageOf, type MqttMessage } from './mqtt-message.js';

/** One listener of `messages()`. It passes messages to the application's observer, which may throw. */
export class MessageListener<T> implements AdHocListener {
  constructor(
    private readonly filter: string,
    private readonly codec: MqttCodec,
    private readonly observer: MessageObserver<T>,
    private readonly logger: Logger,
  ) {}

  receive(packet: PublishPacket, settlement: Settling | undefined): void {
    let message: MqttMessage<T>;
    try {
      message = messageOf<T>(packet, settlement, this.codec);
    } catch (error) {
      settlement?.decide(NACK); // it cannot be decoded, so it is not acknowledged
      this.fail(error);
      return;
    }
    try {
      this.observer.next(message);
    } catch (error) {
      this.note(error);
      message.nack(); // no effect if it has been acknowledged before
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    try {
      this.observer.error(error);
    } catch (thrown) {
      this.note(thrown);
    }
  }

  /** @param error error that ended the connection; undefined after `close()` */
  end(error: Error | undefined): void {
    if (error) {
      this.fail(error);
      return;
    }
    try {
      this.observer.complete();
    } catch (thrown) {
      this.note(thrown);
    }
  }

  private note(error: unknown): void {
    this.logger.error(`A subscriber of messages("${this.filter}") threw: ${describeThrown(error)}`);
  }
}
