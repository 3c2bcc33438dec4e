import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MqttContext } from '../../../../lib/index.js';
import type { TestConnection } from '../../../support/test-broker.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

/** One member of a group: it reports every event that it handles, and answers requests with its name. */
export interface GroupWorkerParameters {
  readonly connection: TestConnection;
  readonly name: string;
  readonly group: string;
}

/** What a member tells. */
export interface GroupWorkerReport {
  readonly name: string;
  readonly job: number;
}

export interface GroupWorkerAnswer {
  readonly question: number;
  readonly name: string;
  readonly subscription: string;
}

const { connection, name, group } = workerParameters<GroupWorkerParameters>();

@Controller()
class Member {
  @EventPattern('jobs/+')
  job(@Payload() job: number): void {
    report({ name, job } satisfies GroupWorkerReport);
  }

  @MessagePattern('who')
  who(@Payload() question: number, @Ctx() { subscription }: MqttContext): GroupWorkerAnswer {
    return { question, name, subscription };
  }
}

await serve({ ...connection, subscribeOptions: { qos: 1, shared: group } }, { controllers: [Member] });
