import type { Logger } from '@nestjs/common';
import type { ResolvedServerOptions } from '../../options/server-options.js';
import { backoffDelay } from '../../timing/backoff.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';

interface RedeliveryParts {
  /** Resumes the session, so that the broker delivers withheld messages again. */
  readonly resume: () => void;
  /** Resolves when the handlers that run now have ended. */
  readonly whenSettled: () => Promise<void>;
  /** Whether the session outlives the connection: else what is withheld is lost, which is told with its handler. */
  readonly durableSession: boolean;
  readonly logger: Logger;
}

/** Share of the Receive Maximum, in percent, at which the warning about withheld messages is logged. */
const NEARLY_FULL_PERCENT = 75;

/**
 * Redelivery of withheld messages: the broker delivers them again only when the session is resumed. After a backoff, when the running
 * handlers have ended, the connection is closed and opened again.
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
   * @param withheld number of messages withheld on the present connection, including this one
   * @param again whether redelivery of this one is requested
   */
  withheld(withheld: number, again = true): void {
    const { options, state } = this;
    if (state === 'settling' || state === 'stopped') return;
    const nearlyFull = withheld * 100 >= this.window * NEARLY_FULL_PERCENT;
    if (nearlyFull && (!options || !again)) this.warn(withheld);
    if (!again) return;
    if (!options) this.explain();
    // only once: if messages are withheld again and again, the session must not be resumed in a tight loop
    else if (this.rounds === 0 && nearlyFull) this.schedule(0);
    else if (state === 'idle') {
      const { delayMs: initialDelay, maxDelayMs: maxDelay } = options;
      this.schedule(backoffDelay({ initialDelay, factor: 2, maxDelay, jitter: false }, this.rounds + 1));
    }
  }

  /** No message was withheld after the last resumption: resets the delay. */
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

  /** Waits for running handlers, with a timeout. A handler that still runs is not started again when its message is redelivered. */
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
      `${withheld} messages are withheld, of at most ${this.window} that the broker sends unacknowledged (Receive Maximum): when that is reached, ` +
        (this.parts.durableSession
          ? 'it stops delivering until this session is resumed. Set the option redelivery, or find out why they are withheld.'
          : 'it stops delivering until the server connects again. Find out why they are withheld.'),
    );
  }

  private explain(): void {
    if (this.explained || !this.parts.durableSession) return;
    this.explained = true;
    this.parts.logger.warn(
      'A message was withheld: the broker delivers it again when this session is next resumed. ' +
        'Set the option redelivery to resume it automatically.',
    );
  }
}
