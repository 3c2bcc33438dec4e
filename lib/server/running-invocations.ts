interface Stoppable {
  /** The server closes: what runs may end, and what waits to run again does not. */
  shutDown(): void;
}

/** Handlers that run, and those whose reply or dead letter is under way. */
export class RunningInvocations {
  private readonly members = new Set<Stoppable>();
  private waiters: (() => void)[] = [];

  get size(): number {
    return this.members.size;
  }

  add(invocation: Stoppable): void {
    this.members.add(invocation);
  }

  delete(invocation: Stoppable): void {
    this.members.delete(invocation);
    if (this.members.size === 0 && this.waiters.length > 0) for (const resolve of this.waiters.splice(0)) resolve();
  }

  shutDown(): void {
    for (const invocation of this.members) invocation.shutDown();
  }

  whenEmpty(): Promise<void> {
    return this.members.size === 0 ? Promise.resolve() : new Promise((resolve) => this.waiters.push(resolve));
  }
}
