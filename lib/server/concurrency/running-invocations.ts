export interface Running {
  /** Its neighbours in the list, which the list alone sets. */
  before: Running | undefined;
  after: Running | undefined;
  listed: boolean;
  /** The server closes: what runs may end, and what waits to run again does not. */
  shutDown(): void;
  /** The server has waited long enough. */
  abandon?(): void;
  /** Looked at now and then. @param clock see {@link RunningInvocations.clock} */
  watch?(clock: number): void;
}

interface Waiter {
  /** Invocations that have not ended yet. */
  readonly awaited: Set<Running>;
  readonly resolve: () => void;
}

/** How often those that run are looked at, in seconds. */
const WATCH_SECONDS = 5;

/**
 * Handlers that run, and those whose reply or dead letter is under way. They are linked to each other: a Set would take a quarter of
 * a microsecond for each message.
 */
export class RunningInvocations {
  /** Seconds for which the server runs, in steps of some: to read the real clock for each message would cost more than it tells. */
  clock = 0;
  /** How many there are. */
  size = 0;
  private latest: Running | undefined;
  private readonly waiters = new Set<Waiter>();
  private timer: NodeJS.Timeout | undefined;

  /** @returns the clock */
  add(invocation: Running): number {
    const { latest } = this;
    invocation.listed = true;
    invocation.after = latest;
    if (latest) latest.before = invocation;
    this.latest = invocation;
    this.size++;
    return this.clock;
  }

  delete(invocation: Running): void {
    if (!invocation.listed) return;
    const { before, after } = invocation;
    if (before) before.after = after;
    else this.latest = after;
    if (after) after.before = before;
    invocation.before = invocation.after = undefined;
    invocation.listed = false;
    this.size--;
    if (this.waiters.size > 0) this.tellWaiters(invocation);
  }

  /** As they are now: what is called may take itself, or others, out of the list. */
  all(): Running[] {
    const all: Running[] = [];
    for (let member = this.latest; member; member = member.after) all.push(member);
    return all;
  }

  /** Starts the clock. */
  open(): void {
    this.timer = setInterval(() => {
      this.clock += WATCH_SECONDS;
      for (const invocation of this.all()) invocation.watch?.(this.clock);
    }, WATCH_SECONDS * 1_000).unref();
  }

  shutDown(): void {
    clearInterval(this.timer);
    for (const invocation of this.all()) invocation.shutDown();
  }

  /** What still runs may go on for ever: nobody follows it any more. */
  abandon(): void {
    for (const invocation of this.all()) invocation.abandon?.();
  }

  /** Resolves when all that run now have ended; those that begin meanwhile are not waited for. */
  whenSettled(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiters.add({ awaited: new Set(this.all()), resolve }));
  }

  private tellWaiters(invocation: Running): void {
    for (const waiter of this.waiters) {
      waiter.awaited.delete(invocation);
      if (waiter.awaited.size > 0) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
