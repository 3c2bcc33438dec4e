import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';

/** The abort signal of one invocation, created on first access. It is aborted when the message expires. */
export class InvocationSignal {
  private readonly controller = new AbortController();
  private timer: LongTimeout | undefined;

  /** @param expiresAt milliseconds since the epoch; `Infinity` for never */
  constructor(expiresAt: number) {
    if (expiresAt !== Infinity) this.awaitExpiry(expiresAt);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: Error): void {
    this.controller.abort(reason);
  }

  dispose(): void {
    this.timer?.clear();
  }

  /**
   * A timer of Node may fire a millisecond before the clock says so. A handler that was told then
   * would still be answered for: the message has not expired yet.
   */
  private awaitExpiry(expiresAt: number): void {
    const elapsed = (): void => {
      if (Date.now() < expiresAt) this.awaitExpiry(expiresAt);
      else this.abort(new Error('The message has expired.'));
    };
    this.timer = setLongTimeout(elapsed, expiresAt - Date.now()).unref();
  }
}
