import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';

/** The abort signal of one invocation, made when a handler first asks for it. It aborts by itself when the message expires. */
export class InvocationSignal {
  private readonly controller = new AbortController();
  private readonly timer: LongTimeout | undefined;

  /** @param expiresAt milliseconds since the epoch; `Infinity` for never */
  constructor(expiresAt: number) {
    if (expiresAt === Infinity) return;
    const expire = (): void => this.abort(new Error('The message has expired.'));
    this.timer = setLongTimeout(expire, expiresAt - Date.now()).unref();
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
}
