import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { MqttContext } from '../../lib/index.js';
import type { Message } from './messages.js';

/** Where handlers write down what they do. */
export interface WorkNotes {
  begin(topic: string, n: number): void;
  /** The handler has come to its effect; it is acknowledged later. */
  end(topic: string, n: number): void;
}

/** Fewer than come at once: some wait for a worker while a connection goes and another one comes. */
const MAX_WORKERS = 8;
/** The longest that a handler takes before its effect, and again behind it. */
const LONGEST_MS = 8;

/** Handlers of all topics, which take a random time. */
export function workOn(notes: WorkNotes): new () => object {
  async function handle(topic: string, n: number): Promise<void> {
    notes.begin(topic, n);
    await sleep(Math.random() * LONGEST_MS);
    notes.end(topic, n);
    await sleep(Math.random() * LONGEST_MS);
  }

  @Controller()
  class Work {
    @EventPattern<string>('kills/1/{name}', { qos: 1, maxWorkers: MAX_WORKERS })
    atLeastOnce(@Payload() { n }: Message, @Ctx() context: MqttContext): Promise<void> {
      return handle(context.getTopic(), n);
    }

    @EventPattern<string>('kills/2/{name}', { qos: 2, maxWorkers: MAX_WORKERS })
    exactlyOnce(@Payload() { n }: Message, @Ctx() context: MqttContext): Promise<void> {
      return handle(context.getTopic(), n);
    }
  }

  return Work;
}
