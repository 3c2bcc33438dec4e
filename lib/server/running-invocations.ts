interface Stoppable {
  /** The server closes: what runs may end, and what waits to run again does not. */
  shutDown(): void;
}

interface Waiter {
  /** Invocations that have not ended yet. */
  readonly awaited: Set<Stoppable>;
  readonly resolve: () => void;
}

/** Handlers that run, and those whose reply or dead letter is under way. */
export class RunningInvocations {
  private readonly members = new Set<Stoppable>();
  private readonly waiters = new Set<Waiter>();

  get size(): number {
    return this.members.size;
  }

  add(invocation: Stoppable): void {
    this.members.add(invocation);
  }

  delete(invocation: Stoppable): void {
    this.members.delete(invocation);
    for (const waiter of this.waiters) {
      waiter.awaited.delete(invocation);
      if (waiter.awaited.size > 0) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
  }

  shutDown(): void {
    for (const invocation of this.members) invocation.shutDown();
  }

  /** Resolves when all that run now have ended; those that begin meanwhile are not waited for. */
  whenSettled(): Promise<void> {
    if (this.members.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiters.add({ awaited: new Set(this.members), resolve }));
  }
}
