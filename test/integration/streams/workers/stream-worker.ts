import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { concat, finalize, NEVER, of } from 'rxjs';
import type { MqttContext } from '../../../../lib/index.js';
import type { TestConnection } from '../../../support/test-broker.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

/** One member of a group that streams without end, and tells when somebody stops it. */
export interface StreamWorkerParameters {
  readonly connection: TestConnection;
  readonly name: string;
}

export interface StreamWorkerReport {
  readonly name: string;
  readonly stream: number;
  readonly what: 'aborted' | 'unsubscribed';
}

const { connection, name } = workerParameters<StreamWorkerParameters>();

function tell(stream: number, what: StreamWorkerReport['what']): void {
  report({ name, stream, what } satisfies StreamWorkerReport);
}

@Controller()
class Endless {
  @MessagePattern<string>('endless')
  endless(@Payload() stream: number, @Ctx() { signal }: MqttContext) {
    signal.addEventListener('abort', () => tell(stream, 'aborted'));
    return concat(of(name), NEVER).pipe(finalize(() => tell(stream, 'unsubscribed')));
  }
}

await serve({ ...connection, subscribeOptions: { shared: 'streaming' } }, { controllers: [Endless] });
