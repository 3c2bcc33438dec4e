import type { Logger } from '@nestjs/common';

/** TCP waits that long for something to acknowledge a segment with, and Nagle's algorithm for that acknowledgement (RFC 1122). */
const DELAY_MS = { min: 36, max: 60 };
/** Of a broker that is near: on a slow way everything takes long. */
const PROMPT_MS = 15;
/** So many more calls with the pattern than without. */
const CERTAIN = 10;
/** Calls without it count more: a handler that takes 40 ms now and then is none of this. */
const DOUBT = 2;

/**
 * Recognizes what Nagle's algorithm and TCP's delayed acknowledgements do to QoS 1 requests: the broker acknowledges the request
 * at once, and its reply, a small packet right behind, comes 40 ms later, call after call. Without it a call takes less than one.
 */
export class DelayedReplies {
  private suspicion = 0;

  constructor(
    private readonly broker: string,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /**
   * Says it once, when there is no doubt any more.
   *
   * @param acknowledgedAfter milliseconds from the request to its acknowledgement
   * @param repliedAfter milliseconds from that to the reply
   */
  note(acknowledgedAfter: number, repliedAfter: number): void {
    const delayed = acknowledgedAfter <= PROMPT_MS && repliedAfter >= DELAY_MS.min && repliedAfter <= DELAY_MS.max;
    if (this.suspicion === CERTAIN) return;
    this.suspicion = delayed ? this.suspicion + 1 : Math.max(0, this.suspicion - DOUBT);
    if (this.suspicion < CERTAIN) return;
    this.logger.warn(
      `Replies over ${this.broker} come 40 ms late, call after call: it seems to hold back small packets until TCP has acknowledged the ones before (Nagle's algorithm). Have the broker set TCP_NODELAY (Mosquitto: set_tcp_nodelay true), or send requests at QoS 0.`,
    );
  }
}
