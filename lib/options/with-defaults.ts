/** The given options merged over the defaults; undefined values do not replace a default. */
export function withDefaults<T extends object>(defaults: T, given: Partial<T> | undefined): T {
  const filled = { ...defaults };
  for (const name in given) if (given[name] !== undefined) filled[name] = given[name];
  return filled;
}
