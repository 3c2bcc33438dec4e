/** Topics that only one member at a time may use; others wait in order. */
export class ReservedTopics<T> {
  /** For each topic the present user, and then those that wait, each with the function that resolves its promise. */
  private readonly lines = new Map<string, Map<T, () => void>>();

  get size(): number {
    return this.lines.size;
  }

  /** Resolves when the member may use the topic, until {@link leave}. */
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

  /** Whether the member waits for its topic. */
  isWaiting(topic: string, member: T): boolean {
    const line = this.lines.get(topic);
    return line !== undefined && line.has(member) && line.keys().next().value !== member;
  }

  /** The member no longer uses the topic, or no longer waits for it. */
  leave(topic: string, member: T): void {
    const line = this.lines.get(topic);
    if (!line?.delete(member)) return;
    const [next] = line.values();
    if (next)
      next(); // no effect if it uses the topic already
    else this.lines.delete(topic);
  }
}
