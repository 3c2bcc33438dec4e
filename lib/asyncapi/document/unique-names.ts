/** Unique names that generators can use as file names and, with `_`, as identifiers. */
export class UniqueNames {
  private readonly taken = new Set<string>();

  constructor(private readonly separator: '_' | '-') {}

  /** `wanted`, with all characters except letters, digits and `_` replaced, and a number appended if it is taken. */
  take(wanted: string): string {
    const words = wanted.split(/[^\w]+/).filter((word) => word !== '');
    const safe = words.join(this.separator) || 'root';
    let name = safe;
    for (let n = 2; this.taken.has(name); n++) name = `${safe}${this.separator}${n}`;
    this.taken.add(name);
    return name;
  }
}
