// Says what a server holds after so many messages, each of a key of its own.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
import { ServerMqtt } from '../../../../lib/index.js';
import type { PublishPacket } from '../../../../lib/protocol/application-message.js';
import { InboundMessage } from '../../../../lib/wire/inbound/inbound-message.js';
import { report, workerParameters } from '../../../support/worker-main.js';

export interface OrderedKeysParameters {
  readonly url: string;
  /** Keys after which it reports, in ascending order. */
  readonly marks: readonly number[];
}

export interface OrderedKeysReport {
  readonly handled: number;
  /** After a garbage collection. */
  readonly heapBytes: number;
}

/** Messages that come in one turn of the event loop. */
const TURN = 64;

const { url, marks } = workerParameters<OrderedKeysParameters>();
let handled = 0;

@Controller()
class Devices {
  @EventPattern<string>('devices/{deviceId}/state', { orderBy: 'deviceId' })
  async state(): Promise<void> {
    await Promise.resolve(); // its key is busy for a while
    handled++;
  }
}

class DevicesModule {}
Module({ controllers: [Devices] })(DevicesModule);
process.on('disconnect', () => process.exit());
const server = new ServerMqtt({ url });
const app = await NestFactory.createMicroservice(DevicesModule, { strategy: server, logger: ['warn', 'error'] });
await app.listen();
report('ready');

const { receiver, link } = server['runtime'] as unknown as {
  receiver: { receive(message: InboundMessage): void };
  link: { inbound: ConstructorParameters<typeof InboundMessage>[2]; connection: { writer: never } };
};
let key = 0;
for (const mark of marks) {
  while (key < mark) {
    for (let i = 0; i < TURN && key < mark; i++) receive(key++);
    await new Promise((resolve) => setImmediate(resolve));
  }
  globalThis.gc!();
  report({ handled, heapBytes: process.memoryUsage().heapUsed } satisfies OrderedKeysReport);
}

/** As from the network, without it. */
function receive(n: number): void {
  const packet: PublishPacket = {
    cmd: 'publish',
    topic: `devices/${n}/state`,
    payload: Buffer.from('7'),
    qos: 0,
    dup: false,
    retain: false,
  };
  receiver.receive(new InboundMessage(packet, link.connection.writer, link.inbound));
}
