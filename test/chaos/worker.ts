import { appendFileSync } from 'node:fs';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { DurableConnection } from '../support/durable-session.js';
import { serve, workerParameters } from '../support/worker-main.js';

/** What `runChaos` gives to each of its servers. */
export interface ChaosWorkerParameters {
  readonly connection: DurableConnection;
  /** Gets a line for each message that was handled. */
  readonly effects: string;
}

const { connection, effects } = workerParameters<ChaosWorkerParameters>();

@Controller()
class Work {
  @EventPattern<string>('chaos/work')
  work(@Payload() id: string): void {
    appendFileSync(effects, `${id}\n`); // there for good when the call returns, whatever becomes of this process
  }

  @MessagePattern('chaos/echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

void serve({ ...connection, subscribeOptions: { qos: 1, shared: 'chaos' } }, { controllers: [Work] });
