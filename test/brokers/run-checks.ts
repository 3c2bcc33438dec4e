import { Logger } from '@nestjs/common';
import {
  ConnectionRefusedError,
  FeatureNotSupportedError,
  PublishRefusedError,
  SubscriptionRefusedError,
} from '../../lib/index.js';
import { within } from '../support/deadline.js';
import { BrokerCannotError, type Check, type Outcome } from './check.js';
import { CHECKS } from './checks/checks.js';
import { Scene } from './scene.js';

const DEADLINE_MS = 15_000;

/** What the transport throws when the broker does not do what it is asked for. */
const REFUSALS = [
  BrokerCannotError,
  ConnectionRefusedError,
  FeatureNotSupportedError,
  PublishRefusedError,
  SubscriptionRefusedError,
];

export interface CheckResult {
  readonly check: Check;
  readonly version: 4 | 5;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

/** Runs the checks one after another, on both versions. */
export async function runChecks(url: string, only: RegExp | undefined): Promise<CheckResult[]> {
  Logger.overrideLogger(false); // handlers fail by the hundred here
  const results: CheckResult[] = [];
  for (const version of [5, 4] as const) {
    for (const check of CHECKS) {
      if (check.versions && !check.versions.includes(version)) continue;
      if (only && !only.test(check.name)) continue;
      const begin = performance.now();
      const outcome = await runCheck(check, url, version);
      results.push({ check, version, outcome, tookMs: performance.now() - begin });
    }
  }
  return results;
}

async function runCheck(check: Check, url: string, version: 4 | 5): Promise<Outcome> {
  const scene = new Scene(url, version, check.name);
  try {
    const deadline = check.deadlineMs ?? DEADLINE_MS;
    await within(check.run(scene), `the check "${check.name}" to end`, deadline);
    return { result: 'works' };
  } catch (error) {
    if (REFUSALS.some((refusal) => error instanceof refusal))
      return { result: 'cannot', said: (error as Error).message };
    return { result: 'fails', error };
  } finally {
    await scene.close();
  }
}
