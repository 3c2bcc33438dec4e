/** The names of all options of a kind. The compiler sees to it that none is missing, and none is wrong. */
export function namesOf<T>(names: Readonly<Record<keyof T & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/** All of several sets of names. */
export function allNames(...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((names) => [...names]));
}

/** The known name that was probably meant by `name`; undefined when none is like it. */
export function likelyName(name: string, known: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  // "qoss" is like "qos", but not everything of three letters is
  let allowed = name.length < 3 ? 0 : name.length < 6 ? 1 : 2;
  let likely: string | undefined;
  for (const candidate of known) {
    const edits = editsBetween(lower, candidate.toLowerCase(), allowed);
    if (edits === 0) return candidate;
    if (edits > allowed) continue;
    likely = candidate;
    allowed = edits - 1; // from now on only one that is closer
  }
  return likely;
}

/** Characters to insert, leave out, replace or swap with their neighbour; any number above `bound` counts as much as another. */
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
