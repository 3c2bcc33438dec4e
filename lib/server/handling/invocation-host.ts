import type { Logger } from '@nestjs/common';
import type { MqttContext } from '../../context/mqtt.context.js';
import type { IsFirst, WarnOnce } from '../../errors/warner-once.js';
import type { Observers } from '../../observing/observers.js';
import type { PublishDefaults } from '../../options/publish-options.js';
import type { QoS } from '../../protocol/application-message.js';
import type { NestEnvelope } from '../../serialization/nest-envelope.js';
import type { SteadyDeadLetterStore } from '../dead-letters/steady-dead-letter-store.js';
import type { Send } from '../replying/send.js';
import type { StreamControl } from '../replying/stream-control.js';
import type { Overflow } from '../concurrency/overflow.js';
import type { RunningInvocations } from '../concurrency/running-invocations.js';
import type { UnansweredRequests } from './unanswered-requests.js';
import type { ServerCounters } from '../concurrency/server-counters.js';

/** Nest's processing hooks, used by instrumentation. */
export interface ProcessingHooks {
  /** Undefined if it is not set. */
  readonly start: ((context: MqttContext, process: () => Promise<void>) => unknown) | undefined;
  readonly end: ((context: MqttContext) => unknown) | undefined;
}

/** The parts of the server that invocations use. */
export interface InvocationHost {
  readonly send: Send;
  readonly hooks: ProcessingHooks;
  /** Undefined if there are none. */
  readonly observers: Observers | undefined;
  /** Does not throw. */
  readonly logger: Logger;
  readonly counters: ServerCounters;
  readonly overflow: Overflow;
  readonly streams: StreamControl;
  readonly handlerTimeoutMs: number | undefined;
  /** Whether the session outlives the connection, so that withheld messages are delivered again. */
  readonly durableSession: boolean;
  readonly protocolVersion: 4 | 5;
  /** QoS levels at which the acknowledgement of a rejected message carries its reason code. */
  readonly refusable: readonly QoS[];
  /** Defaults of replies and results. */
  readonly publishDefaults: Readonly<PublishDefaults>;
  /** Recognises Nest's envelope in a decoded payload. */
  readonly readEnvelope: (value: unknown, topic: string) => NestEnvelope | undefined;
  readonly running: RunningInvocations;
  /** Where dead letters are kept; undefined where they are not. */
  readonly letters: SteadyDeadLetterStore | undefined;
  readonly isFirst: IsFirst;
  readonly warnOnce: WarnOnce;
  readonly unansweredRequests: UnansweredRequests;
}
