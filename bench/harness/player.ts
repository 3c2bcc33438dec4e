// What a player uses: a process of its own that takes part in a benchmark. The other side is player-process.ts.

/** What the workload gave to `startPlayer`. */
export function playerParameters<Parameters>(): Parameters {
  return JSON.parse(process.env['PLAYER_PARAMETERS'] ?? '{}') as Parameters;
}

/** Tells the workload: first that the player is ready, in the end its result. */
export function tell(message: unknown): void {
  process.send?.(message);
}

// it ends with the process that started it, however that ends
process.on('disconnect', () => process.exit());
