/** The names of the properties of `T`. The compiler checks that the list is complete and correct. */
export function namesOf<T>(names: Readonly<Record<keyof T & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/** The union of several sets of names. */
export function allNames(...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((names) => [...names]));
}

/** The known name that is most similar to `name`; undefined when none is similar. */
export function likelyName(name: string, known: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  // "qoss" is similar to "qos", but other names of three letters are not
  let allowed = name.length < 3 ? 0 : name.length < 6 ? 1 : 2;
  let likely: string | undefined;
  for (const candidate of known) {
    const edits = editsBetween(lower, candidate.toLowerCase(), allowed);
    if (edits === 0) return candidate;
    if (edits > allowed) continue;
    likely = candidate;
    allowed = edits - 1; // only a closer match replaces this one
  }
  return likely;
}

/** Edit distance: insertions, deletions, replacements and swaps of neighbours. Any result above `bound` means "more than `bound`". */
function editsBetween(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
