/** Lets one at a time have a thing, in the order in which they came. */
export class Turns<T> {
  private readonly lines = new Map<string, { member: T; begin: () => void }[]>();

  /** Resolves when it is the member's turn to have `key`, which it keeps until {@link leave}. */
  take(key: string, member: T): Promise<void> {
    return new Promise((begin) => {
      const line = this.lines.get(key);
      if (line) line.push({ member, begin });
      else {
        this.lines.set(key, [{ member, begin }]);
        begin();
      }
    });
  }

  /** The member no longer has the thing, or no longer waits for it. */
  leave(key: string, member: T): void {
    const line = this.lines.get(key);
    const at = line?.findIndex((place) => place.member === member) ?? -1;
    if (!line || at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) this.lines.delete(key);
    else if (at === 0) line[0]!.begin();
  }
}
