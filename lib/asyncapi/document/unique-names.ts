/** Names of which none is given twice, and of which generators can make files and, with `_`, identifiers. */
export class UniqueNames {
  private readonly taken = new Set<string>();

  constructor(private readonly separator: '_' | '-') {}

  /** `wanted` with all but letters, digits and `_` replaced, and with a number after it when it is taken. */
  take(wanted: string): string {
    const words = wanted.split(/[^\w]+/).filter((word) => word !== '');
    const safe = words.join(this.separator) || 'root';
    let name = safe;
    for (let n = 2; this.taken.has(name); n++) name = `${safe}${this.separator}${n}`;
    this.taken.add(name);
    return name;
  }
}
