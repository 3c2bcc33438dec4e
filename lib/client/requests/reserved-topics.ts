/** Topics that one at a time can have, in the order in which they came. */
export class ReservedTopics<T> {
  /** Who has a topic, first, and who waits for it: each with what tells it that it has. */
  private readonly lines = new Map<string, Map<T, () => void>>();

  get size(): number {
    return this.lines.size;
  }

  /** Resolves when the member has the topic, which it keeps until {@link leave}. */
  take(topic: string, member: T): Promise<void> {
    return new Promise((resolve) => {
      const line = this.lines.get(topic);
      if (line) line.set(member, resolve);
      else {
        this.lines.set(topic, new Map([[member, resolve]]));
        resolve();
      }
    });
  }

  /** Whether another one has the topic that the member waits for. */
  isWaiting(topic: string, member: T): boolean {
    const line = this.lines.get(topic);
    return line !== undefined && line.has(member) && line.keys().next().value !== member;
  }

  /** The member no longer has the topic, or no longer waits for it. */
  leave(topic: string, member: T): void {
    const line = this.lines.get(topic);
    if (!line?.delete(member)) return;
    const [next] = line.values();
    if (next)
      next(); // for one that has it already this does nothing
    else this.lines.delete(topic);
  }
}
