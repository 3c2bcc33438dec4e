// What a player uses: a process of its own that takes part in a benchmark. The other side is player-process.ts.

/** What a player can be asked to do. */
type Commands = Readonly<Record<string, (parameter: never) => unknown>>;

export interface Question {
  readonly command: string;
  readonly parameter: unknown;
}

export type Answer = { readonly result: unknown } | { readonly error: string };

export interface Usage {
  /** CPU time of the process so far, in seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** What the workload gave to `PlayerProcess.start`. */
export function playerParameters<Parameters>(): Parameters {
  return JSON.parse(process.env['PLAYER_PARAMETERS'] ?? '{}') as Parameters;
}

/** Says that the player is ready, and does what it is asked, one thing at a time. */
export function play(commands: Commands): void {
  const all: Commands = { usage, ...commands };
  process.on('message', ({ command, parameter }: Question) => void answer(all[command]!, parameter as never));
  process.send!({ result: 'ready' } satisfies Answer);
}

async function answer(command: (parameter: never) => unknown, parameter: never): Promise<void> {
  try {
    process.send!({ result: await command(parameter) } satisfies Answer);
  } catch (error) {
    process.send!({ error: (error as Error).stack ?? String(error) } satisfies Answer);
  }
}

/** The heap is measured after a garbage collection, where the process may collect by hand. */
function usage(): Usage {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1_000_000, rssBytes: rss, heapBytes: heapUsed };
}

// it ends with the process that started it, however that ends
process.on('disconnect', () => process.exit());
