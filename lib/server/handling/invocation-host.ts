import type { Logger } from '@nestjs/common';
import type { MqttContext } from '../../context/mqtt.context.js';
import type { WarnOnce } from '../../errors/warner-once.js';
import type { Observers } from '../../observing/observers.js';
import type { PublishDefaults } from '../../options/publish-options.js';
import type { QoS } from '../../protocol/application-message.js';
import type { NestEnvelope } from '../../serialization/nest-envelope.js';
import type { SteadyDeadLetterStore } from '../dead-letters/steady-dead-letter-store.js';
import type { Send } from '../replying/send.js';
import type { StreamControl } from '../replying/stream-control.js';
import type { Overflow } from '../concurrency/overflow.js';
import type { RunningInvocations } from '../concurrency/running-invocations.js';
import type { ServerCounters } from '../concurrency/server-counters.js';

/** Nest's hooks around the processing of a message, by which instrumentation follows it. */
export interface ProcessingHooks {
  /** Undefined where nobody has set one. */
  readonly start: ((context: MqttContext, process: () => Promise<void>) => unknown) | undefined;
  readonly end: ((context: MqttContext) => unknown) | undefined;
}

/** What the runs of handlers share with their server. */
export interface InvocationHost {
  readonly send: Send;
  readonly hooks: ProcessingHooks;
  /** Undefined where there are none. */
  readonly observers: Observers | undefined;
  /** It never throws. */
  readonly logger: Logger;
  readonly counters: ServerCounters;
  readonly overflow: Overflow;
  readonly streams: StreamControl;
  readonly handlerTimeoutMs: number | undefined;
  readonly protocolVersion: 4 | 5;
  /** QoS of the messages whose acknowledgement tells the broker of a reject. */
  readonly refusable: readonly QoS[];
  /** Of replies and results. */
  readonly publishDefaults: Readonly<PublishDefaults>;
  /** Takes a decoded payload for Nest's envelope, if that is what it is. */
  readonly readEnvelope: (value: unknown, topic: string) => NestEnvelope | undefined;
  readonly running: RunningInvocations;
  /** Where dead letters are kept; undefined where they are not. */
  readonly letters: SteadyDeadLetterStore | undefined;
  readonly warnOnce: WarnOnce;
}
