import { createHash } from 'node:crypto';
import { textOfThrown } from '../../errors/describe-thrown.js';
import type { RedisCommand } from './redis-client.js';

/** A script about a few keys of one slot, which runs in Redis as one step. */
export class RedisScript {
  private readonly sha1: string;

  constructor(private readonly source: string) {
    this.sha1 = createHash('sha1').update(source).digest('hex');
  }

  /** By its hash; in full where Redis does not know it yet, or no longer: it was restarted. */
  async run(send: RedisCommand, keys: readonly string[], ...args: string[]): Promise<unknown> {
    try {
      return await send('EVALSHA', this.sha1, String(keys.length), ...keys, ...args);
    } catch (error) {
      if (!textOfThrown(error)?.startsWith('NOSCRIPT')) throw error;
      return send('EVAL', this.source, String(keys.length), ...keys, ...args);
    }
  }
}
