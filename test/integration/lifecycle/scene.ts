import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { concatMap, from, NEVER, concat, type Observable } from 'rxjs';
import { MqttSubscription, type ClientMqtt, type ServerMqtt } from '../../../lib/index.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';

/** Handlers of the life cycle's tests, and what they have seen. */
export interface Scene {
  /** Events, in the order in which they came. */
  readonly seen: Journal<unknown>;
  /** Requests that wait until the test lets them go on. */
  readonly runs: HeldRuns<unknown>;
  readonly controllers: [new () => object];
}

export function newScene(): Scene {
  const seen = new Journal<unknown>();
  const runs = new HeldRuns<unknown>();

  @Controller()
  @MqttSubscription({ qos: 1 })
  class Handlers {
    @EventPattern<string>('scene/event')
    event(@Payload() data: unknown): void {
      seen.add(data);
    }

    @MessagePattern('scene/echo')
    echo(@Payload() data: unknown): unknown {
      return data;
    }

    @MessagePattern('scene/held')
    async held(@Payload() data: unknown): Promise<unknown> {
      await runs.hold(data);
      return data;
    }

    /** Three values, and no end. */
    @MessagePattern('scene/stream')
    stream(): Observable<number> {
      return concat(from([0, 1, 2]).pipe(concatMap((n) => Promise.resolve(n))), NEVER);
    }
  }

  return { seen, runs, controllers: [Handlers] };
}

/** States of a connection from now on. */
export function statesOf({ status }: ServerMqtt | ClientMqtt): Journal<string> {
  const states = new Journal<string>();
  status.subscribe(states.add);
  return states;
}

/** Resolves when a connection that is there has been replaced by another. */
export async function reconnected(states: Journal<string>): Promise<void> {
  await states.until(
    (all) => all.includes('disconnected') && all.lastIndexOf('connected') > all.indexOf('disconnected'),
    'a new connection',
  );
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It was not rejected');
}
