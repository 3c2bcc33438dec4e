import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { TestConnection } from '../../../support/test-broker.js';
import { serve, workerParameters } from '../../../support/worker-main.js';

/** One member of a group that answers each question after the time that it asks for. */
export interface IsolationServerParameters {
  readonly connection: TestConnection;
}

export interface Question {
  readonly client: number;
  readonly call: number;
  /** Milliseconds until the answer. */
  readonly takes: number;
}

const { connection } = workerParameters<IsolationServerParameters>();

@Controller()
class Answering {
  @MessagePattern('question')
  async answer(@Payload() question: Question): Promise<Question> {
    await sleep(question.takes);
    return question;
  }
}

await serve(
  { ...connection, maxConcurrency: 1_000, subscribeOptions: { qos: 1, shared: 'isolation' } },
  { controllers: [Answering] },
);
