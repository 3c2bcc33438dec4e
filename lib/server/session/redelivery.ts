import type { Logger } from '@nestjs/common';
import type { ResolvedServerOptions } from '../../options/server-options.js';
import { backoffDelay } from '../../timing/backoff.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';

interface RedeliveryParts {
  /** Resumes the session, upon which the broker delivers again what was withheld. */
  readonly resume: () => void;
  /** Resolves when the handlers that run have ended; those that begin meanwhile are not waited for. */
  readonly whenSettled: () => Promise<void>;
  readonly logger: Logger;
}

/** A broker's window is nearly full of withheld messages from here on: its share, in percent. */
const NEARLY_FULL_PERCENT = 75;

/**
 * Has withheld messages delivered again: a broker does so only when the session is resumed, so after a backoff, when the
 * running handlers have ended, the connection is dropped and made anew.
 */
export class Redelivery {
  private timer: LongTimeout | undefined;
  private state: 'idle' | 'scheduled' | 'settling' | 'stopped' = 'idle';
  private rounds = 0;
  private explained = false;
  private warned = false;

  constructor(
    private readonly options: ResolvedServerOptions['redelivery'],
    private readonly window: number,
    private readonly parts: RedeliveryParts,
  ) {}

  /**
   * @param withheld messages withheld on the present connection, this one included
   * @param again whether this one is wished for again
   */
  withheld(withheld: number, again = true): void {
    const { options, state } = this;
    if (state === 'settling' || state === 'stopped') return;
    const nearlyFull = withheld * 100 >= this.window * NEARLY_FULL_PERCENT;
    if (nearlyFull && (!options || !again)) this.warn(withheld);
    if (!again) return;
    if (!options) this.explain();
    // the delay is cut short once: messages that are withheld again and again would have the session go round in circles
    else if (this.rounds === 0 && nearlyFull) this.schedule(0);
    else if (state === 'idle') {
      const { delayMs: initialDelay, maxDelayMs: maxDelay } = options;
      this.schedule(backoffDelay({ initialDelay, factor: 2, maxDelay, jitter: false }, this.rounds + 1));
    }
  }

  /** A round in which nothing was withheld: the next one starts with a short delay again. */
  connected(): void {
    this.warned = false;
    const { options } = this;
    if (!options || this.rounds === 0) return;
    const rounds = this.rounds;
    setLongTimeout(() => {
      if (this.rounds === rounds && this.state === 'idle') this.rounds = 0;
    }, options.maxDelayMs).unref();
  }

  stop(): void {
    this.state = 'stopped';
    this.timer?.clear();
  }

  private schedule(delayMs: number): void {
    this.state = 'scheduled';
    this.timer?.clear();
    this.timer = setLongTimeout(() => this.settle(this.options!.maxDelayMs), delayMs);
  }

  /** A handler that hangs is not waited for for ever: what still runs is not run again when its message is delivered again. */
  private settle(patienceMs: number): void {
    this.state = 'settling';
    this.timer = setLongTimeout(() => this.redeliver(), patienceMs);
    void this.parts.whenSettled().then(() => this.redeliver());
  }

  private redeliver(): void {
    if (this.state !== 'settling') return;
    this.state = 'idle';
    this.timer?.clear();
    this.rounds++;
    this.parts.logger.log('Resuming the session, so that the broker delivers withheld messages again');
    this.parts.resume();
  }

  private warn(withheld: number): void {
    if (this.warned) return;
    this.warned = true;
    this.parts.logger.warn(
      `${withheld} messages are withheld, of ${this.window} that the broker may have under way here: when the window is full, ` +
        'it delivers nothing more until this session is resumed. Set the option redelivery, or find out why they are withheld.',
    );
  }

  private explain(): void {
    if (this.explained) return;
    this.explained = true;
    this.parts.logger.warn(
      'A message was withheld: the broker delivers it again when this session is next resumed. ' +
        'Set the option redelivery to resume it automatically.',
    );
  }
}
