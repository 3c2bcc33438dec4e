/** The used part of a client or a cluster of `ioredis`. */
export interface IoRedisClient {
  /** Sends one command. */
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** The used part of a client of `redis` (node-redis). */
export interface NodeRedisClient {
  /** Sends one command. */
  sendCommand(args: string[]): Promise<unknown>;
}

/** Sends one command. */
export type RedisCommand = (...command: [name: string, ...args: string[]]) => Promise<unknown>;

/** Both clients pipeline commands: they do not wait for earlier replies. @param store for the error message */
export function commandOf(client: IoRedisClient | NodeRedisClient, store: string): RedisCommand {
  const { call, sendCommand } = Object(client) as { call?: unknown; sendCommand?: unknown };
  if (typeof call === 'function') return (...command) => (client as IoRedisClient).call(...command);
  // ioredis has a sendCommand() too, with other arguments
  if (typeof sendCommand === 'function') return (...command) => (client as NodeRedisClient).sendCommand(command);
  throw new TypeError(
    `${store}: the client has neither call() nor sendCommand(). Give a client of ioredis or of redis.`,
  );
}
