/** Longest delay that a timer takes. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** The abort signal of one invocation, made when a handler first asks for it. It aborts by itself when the message expires. */
export class InvocationSignal {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param expiresAt milliseconds since the epoch; `Infinity` for never */
  constructor(expiresAt: number) {
    if (expiresAt === Infinity) return;
    const expire = (): void => this.abort(new Error('The message has expired.'));
    this.timer = setTimeout(expire, Math.min(MAX_DELAY_MS, Math.max(0, expiresAt - Date.now())));
    this.timer.unref();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: Error): void {
    this.controller.abort(reason);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
