import { AsyncLocalStorage } from 'node:async_hooks';
import { ConsoleLogger } from '@nestjs/common';
import type { MqttDelivery, MqttObserver } from '../../../../lib/index.js';

const current = new AsyncLocalStorage<MqttDelivery>();

/** Knows which message a line of the log belongs to. */
export class MessageLogContext implements MqttObserver {
  handle(delivery: MqttDelivery, run: () => void): void {
    current.run(delivery, run);
  }
}

/** Nest's JSON logger, with the message that a line belongs to: what is declared, and nothing of its payload. */
export class MessageJsonLogger extends ConsoleLogger {
  constructor() {
    super({ json: true });
  }

  protected override getJsonLogObject(
    message: unknown,
    options: Parameters<ConsoleLogger['getJsonLogObject']>[1],
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const delivery = current.getStore();
    const line = super.getJsonLogObject(message, options);
    if (!delivery) return line;
    const { handler, packetId, attempt } = delivery;
    return Object.assign(line, { mqtt: { template: handler.template, group: handler.group, packetId, attempt } });
  }
}
