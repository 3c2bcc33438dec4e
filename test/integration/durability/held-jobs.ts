import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PublishTo } from '../../../lib/index.js';
import { HeldRuns } from '../../support/held-runs.js';

/** What {@link heldJobs} says after everything that it has sent before. */
export const FENCE = { ask: 'fence', answer: 'fenced' } as const;

/** Handlers of `job`, which a test holds; and one that answers at once, to show that something before it did not happen. */
export function heldJobs(): { runs: HeldRuns<string>; controller: new () => object } {
  const runs = new HeldRuns<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('job')
    async job(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @EventPattern<string>(FENCE.ask, { qos: 0 })
    @PublishTo(FENCE.answer)
    fence(): string {
      return 'here';
    }
  }

  return { runs, controller: Jobs };
}
