import { NACK } from '../../protocol/delivery.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { ServedHandler } from '../handling/served-handler.js';
import type { ReplayEnd } from './replay-end.js';

/** A handler that runs for a dead letter. */
export class ReplayedInvocation extends Invocation {
  constructor(
    message: InboundMessage,
    handler: ServedHandler,
    params: TopicParams,
    private readonly end: ReplayEnd,
    host: InvocationHost,
  ) {
    super(message, handler, params, end, host, (outcome) => end.released(outcome));
  }

  /** Somebody waits for it. */
  override get droppable(): boolean {
    return false;
  }

  override dropped(): void {
    this.delivery?.left();
    this.end.cut();
  }

  /** The letter stays in its store. */
  protected override withhold(): void {
    this.decide(NACK);
  }

  protected override leave(): void {
    if (!this.decided) this.delivery?.left();
  }

  protected override fateAfter(): string {
    return `stays dead letter ${this.end.id}`;
  }
}
