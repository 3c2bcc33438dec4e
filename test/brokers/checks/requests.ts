import assert from 'node:assert/strict';
import { RpcException } from '@nestjs/microservices';
import { finalize, interval, lastValueFrom, range, take, toArray } from 'rxjs';
import { NoMatchingSubscribersError, RemoteError, RequestTimeoutError, type QoS } from '../../../lib/index.js';
import { within } from '../../support/deadline.js';
import { BrokerCannotError, type Check } from '../check.js';
import { onRequest } from '../handlers.js';

const CALLS = 50;

const atQoS = (qos: QoS): Check => ({
  name: `requests-qos${qos}`,
  title: `Requests and replies at QoS ${qos}, and errors of handlers`,
  async run(scene) {
    await scene.serve(
      { subscribeOptions: { qos }, publishOptions: { qos } },
      onRequest(scene.topic('double'), (data) => 2 * (data as number)),
      onRequest(scene.topic('broken'), () => {
        throw new RpcException('broken');
      }),
    );
    const client = scene.client({ publishOptions: { qos } });
    const numbers = Array.from({ length: CALLS }, (_, i) => i);
    const replies = await Promise.all(numbers.map((i) => client.request<number>(scene.topic('double'), i)));
    assert.deepEqual(
      replies.map(({ data }) => data),
      numbers.map((i) => 2 * i),
    );
    await assert.rejects(client.request(scene.topic('broken'), 1), RemoteError);
  },
});

const unserved: Check = {
  name: 'unserved-request',
  title: 'A request at QoS 1 that nobody serves fails at once',
  versions: [5],
  async run(scene) {
    const client = scene.client({ publishOptions: { qos: 1 }, requestTimeout: 1_000 });
    const error: unknown = await client.request(scene.topic('nobody'), 1).catch((reason: unknown) => reason);
    if (error instanceof RequestTimeoutError) throw new BrokerCannotError('does not tell that nobody is subscribed');
    assert.ok(error instanceof NoMatchingSubscribersError, String(error));
  },
};

const streams: Check = {
  name: 'streams',
  title: 'Streams of replies, and cancelling them',
  async run(scene) {
    let cancelled: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => (cancelled = resolve));
    await scene.serve(
      {},
      onRequest(scene.topic('five'), () => range(1, 5)),
      onRequest(scene.topic('endless'), () => interval(5).pipe(finalize(() => cancelled?.()))),
    );
    const client = scene.client();
    const five = await lastValueFrom(client.send<number>(scene.topic('five'), {}).pipe(toArray()));
    assert.deepEqual(five, [1, 2, 3, 4, 5]);
    const some = await lastValueFrom(client.send<number>(scene.topic('endless'), {}).pipe(take(3), toArray()));
    assert.deepEqual(some, [0, 1, 2]);
    if (scene.version === 5) await within(stopped, 'the stream to be cancelled');
  },
};

export const REQUEST_CHECKS: readonly Check[] = [atQoS(0), atQoS(1), unserved, streams];
