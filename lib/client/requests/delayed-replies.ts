import type { Logger } from '@nestjs/common';

/** Delay of a TCP acknowledgement, for which Nagle's algorithm waits (RFC 1122). */
const DELAY_MS = { min: 36, max: 60 };
/** Maximum time to the acknowledgement by a nearby broker: over a slow network, any delay is expected. */
const PROMPT_MS = 15;
/** Score at which the warning is logged: each delayed call adds 1. */
const WARNING_SCORE = 10;
/** Each prompt call subtracts this: a handler that sometimes takes 40 ms must not cause the warning. */
const PROMPT_CALL_SCORE = 2;

/**
 * Detects the delay that Nagle's algorithm and TCP's delayed acknowledgements cause for QoS 1 requests: the broker acknowledges the
 * request at once, and its reply, a small packet, arrives 40 ms later. Without them, a call takes less than 1 ms.
 */
export class DelayedReplies {
  private score = 0;

  constructor(
    private readonly broker: string,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /**
   * Logs one warning when the pattern is clear.
   *
   * @param acknowledgedAfter milliseconds from the request to its acknowledgement
   * @param repliedAfter milliseconds from that to the reply
   */
  note(acknowledgedAfter: number, repliedAfter: number): void {
    const delayed = acknowledgedAfter <= PROMPT_MS && repliedAfter >= DELAY_MS.min && repliedAfter <= DELAY_MS.max;
    if (this.score === WARNING_SCORE) return;
    this.score = delayed ? this.score + 1 : Math.max(0, this.score - PROMPT_CALL_SCORE);
    if (this.score < WARNING_SCORE) return;
    this.logger.warn(
      `Replies over ${this.broker} are delayed by 40 ms: the broker seems to hold back small packets until TCP has acknowledged the previous ones (Nagle's algorithm). Set TCP_NODELAY on the broker (Mosquitto: set_tcp_nodelay true), or send requests at QoS 0.`,
    );
  }
}
