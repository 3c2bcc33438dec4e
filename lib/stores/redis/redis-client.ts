/** What is needed of a client of `ioredis`, or of a cluster of it. */
export interface IoRedisClient {
  /** Sends one command. */
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** What is needed of a client of `redis` (node-redis). */
export interface NodeRedisClient {
  /** Sends one command. */
  sendCommand(args: string[]): Promise<unknown>;
}

/** Sends one command. */
export type RedisCommand = (...command: [name: string, ...args: string[]]) => Promise<unknown>;

/** Both clients write a command at once, and do not wait for the replies to those before. @param store that is given the client */
export function commandOf(client: IoRedisClient | NodeRedisClient, store: string): RedisCommand {
  const { call, sendCommand } = Object(client) as { call?: unknown; sendCommand?: unknown };
  if (typeof call === 'function') return (...command) => (client as IoRedisClient).call(...command);
  // that of ioredis takes something else
  if (typeof sendCommand === 'function') return (...command) => (client as NodeRedisClient).sendCommand(command);
  throw new TypeError(
    `${store}: the client has neither call() nor sendCommand(). Give a client of ioredis or of redis.`,
  );
}
