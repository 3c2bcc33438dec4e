/** Options with what is not given filled in; what is given as undefined counts as not given. */
export function withDefaults<T extends object>(defaults: T, given: Partial<T> | undefined): T {
  const filled = { ...defaults };
  for (const name in given) if (given[name] !== undefined) filled[name] = given[name];
  return filled;
}
