import { DeadLetterError } from '../../errors/dead-letter.error.js';
import type { RedisCommand } from './redis-client.js';

/** The policy may be changed while Redis runs. */
const CHECK_EVERY_MS = 60_000;

/** Checks periodically whether Redis may evict keys that do not expire. */
export class EvictionCheck {
  private problem: string | undefined;
  private nextCheck = 0;

  constructor(private readonly send: RedisCommand) {}

  /** @throws DeadLetterError when Redis may evict them */
  async refuse(): Promise<void> {
    const now = performance.now();
    if (now >= this.nextCheck) {
      this.problem = evictionProblem(await this.info());
      this.nextCheck = now + (this.problem === undefined ? CHECK_EVERY_MS : 0);
    }
    if (this.problem !== undefined) throw new DeadLetterError('store', this.problem);
  }

  /** Empty without the permission for INFO: the policy is not known then. */
  private async info(): Promise<string> {
    try {
      return String(await this.send('INFO', 'memory'));
    } catch (error) {
      if (/NOPERM|unknown command/i.test(String(error))) return '';
      throw error;
    }
  }
}

function evictionProblem(info: string): string | undefined {
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1];
  const hasLimit = !/^maxmemory:0\s*$/m.test(info);
  if (policy === undefined || !hasLimit) return undefined;
  return `Redis may evict all dead letters at once, because its maxmemory-policy is ${policy}. Set noeviction or a volatile-* policy, or use another Redis.`;
}
