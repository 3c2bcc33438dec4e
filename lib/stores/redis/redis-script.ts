import { createHash } from 'node:crypto';
import { textOfThrown } from '../../errors/describe-thrown.js';
import type { RedisCommand } from './redis-client.js';

/** A script that runs atomically in Redis, with keys of one slot. */
export class RedisScript {
  private readonly sha1: string;

  constructor(private readonly source: string) {
    this.sha1 = createHash('sha1').update(source).digest('hex');
  }

  /** Runs the script by its hash; sends the source if Redis does not know it yet, or was restarted. */
  async run(send: RedisCommand, keys: readonly string[], ...args: string[]): Promise<unknown> {
    try {
      return await send('EVALSHA', this.sha1, String(keys.length), ...keys, ...args);
    } catch (error) {
      if (!textOfThrown(error)?.startsWith('NOSCRIPT')) throw error;
      return send('EVAL', this.source, String(keys.length), ...keys, ...args);
    }
  }
}
