import type { ISubscribePacket, ISubscription } from 'mqtt-packet';
import type { QoS } from '../../protocol/application-message.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import { isShared, TopicFilter, topicFilterProblem } from '../../protocol/topic-filter.js';
import type { BrokerCore } from '../broker-core.js';
import type { SharedSubscriptionsMode } from '../broker-deviations.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import type { Connection } from '../network/connection.js';
import { exceedsTopicLimits } from '../topic-limits.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';
import type { Session, Subscription } from '../sessions/session.js';

interface Outcome {
  readonly reasonCode: number;
  /** The subscription whose retained messages are sent. */
  readonly replay?: Subscription | undefined;
}

/** SUBSCRIBE (section 3.8): each filter is granted or refused, then retained messages are sent. */
export async function handleSubscribe(
  core: BrokerCore,
  connection: Connection,
  packet: ISubscribePacket,
): Promise<void> {
  checkSubscribe(core, connection, packet);
  const outcomes: Outcome[] = [];
  for (const requested of packet.subscriptions) {
    outcomes.push(await subscribe(core, connection, requested, packet));
    if (!connection.isOpen) return;
  }
  const filters = packet.subscriptions.map(({ topic }) => topic);
  const granted = outcomes.map(({ reasonCode }) => inVersion(connection, reasonCode));
  connection.send({ cmd: 'suback', messageId: packet.messageId, granted }); // [MQTT-3.8.4-1], [MQTT-3.8.4-6]
  core.events.emit('subscribe', { clientId: connection.session!.clientId, filters, granted });
  for (const { replay } of outcomes) if (replay) replayRetained(core, replay);
}

function checkSubscribe({ options }: BrokerCore, { protocolVersion }: Connection, packet: ISubscribePacket): void {
  const { subscriptions, properties } = packet;
  if (subscriptions.length > options.maximumFiltersPerSubscribe) {
    throw violation(
      ReasonCode.QUOTA_EXCEEDED,
      `A SUBSCRIBE has more than ${options.maximumFiltersPerSubscribe} filters`,
    );
  }
  if (subscriptions.length === 0) throw violation(ReasonCode.PROTOCOL_ERROR, 'A SUBSCRIBE has no filter'); // [MQTT-3.8.3-2]
  if (properties?.subscriptionIdentifier === 0)
    throw violation(ReasonCode.PROTOCOL_ERROR, 'A Subscription Identifier must not be 0');
  if (properties?.subscriptionIdentifier !== undefined && !options.subscriptionIdentifiers) {
    throw violation(ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED, 'Subscription Identifiers are not supported');
  }
  for (const { topic, nl } of subscriptions) {
    if (!isShared(topic)) continue;
    if (nl && protocolVersion === 5)
      throw violation(ReasonCode.PROTOCOL_ERROR, 'A Shared Subscription must not have No Local'); // [MQTT-3.8.3-4]
    if (sharedSubscriptionsOf(options, protocolVersion) === 'disconnect') {
      throw violation(ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, 'Shared Subscriptions are not supported');
    }
  }
}

async function subscribe(
  core: BrokerCore,
  connection: Connection,
  requested: ISubscription,
  { subscriptions, properties }: ISubscribePacket,
): Promise<Outcome> {
  const { options, router, access } = core;
  const session = connection.session!;
  const { topic: text, qos } = requested;
  if (topicFilterProblem(text)) return { reasonCode: ReasonCode.TOPIC_FILTER_INVALID };
  const shared = isShared(text) ? sharedSubscriptionsOf(options, connection.protocolVersion) : true;
  if (shared === false || shared === 'refused') return { reasonCode: ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED };
  const reasonCode =
    limitExceeded(options, session, text) ??
    (await access.subscribe.check({ clientId: session.clientId, filter: text, qos }));
  if (reasonCode !== ReasonCode.SUCCESS) {
    if (options.hangsUpOverForbidden) connection.disconnect(reasonCode);
    return { reasonCode };
  }
  const granted = Math.min(qos, options.maximumQoS) as QoS;
  const lost = options.losesSharedInBatches && isShared(text) && subscriptions.length > 1;
  if (!connection.isOpen || shared === 'silent' || lost) return { reasonCode: granted };
  const subscription = toSubscription(session, requested, granted, properties?.subscriptionIdentifier);
  const isNew = router.subscribe(subscription);
  return { reasonCode: granted, replay: wantsRetained(requested, isNew, options) ? subscription : undefined };
}

function toSubscription(session: Session, requested: ISubscription, qos: QoS, identifier?: number): Subscription {
  const { topic, nl = false, rap = false } = requested;
  return { session, filter: TopicFilter.parse(topic), qos, noLocal: nl, retainAsPublished: rap, identifier };
}

/** The reason code of an exceeded limit. */
function limitExceeded(options: ResolvedBrokerOptions, session: Session, filter: string): ReasonCode | undefined {
  if (exceedsTopicLimits(options, filter)) return ReasonCode.TOPIC_FILTER_INVALID;
  const { subscriptions } = session;
  const isOneMore = subscriptions.size >= options.maximumSubscriptions && !subscriptions.has(filter);
  return isOneMore ? ReasonCode.QUOTA_EXCEEDED : undefined;
}

function sharedSubscriptionsOf(options: ResolvedBrokerOptions, protocolVersion: 3 | 4 | 5): SharedSubscriptionsMode {
  return (protocolVersion < 5 ? options.sharedSubscriptionsOn311 : undefined) ?? options.sharedSubscriptions;
}

/** Retain Handling [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11]; never for Shared Subscriptions (section 4.8.2). */
function wantsRetained(
  { topic, rh = 0 }: ISubscription,
  isNew: boolean,
  { retainedForShared, retainedForWildcards }: ResolvedBrokerOptions,
): boolean {
  if (isShared(topic) && !retainedForShared) return false;
  if (TopicFilter.parse(topic).hasWildcard && !retainedForWildcards) return false;
  return rh === 0 || (rh === 1 && isNew);
}

function replayRetained({ retained }: BrokerCore, { session, filter, qos, identifier }: Subscription): void {
  const identifiers = identifier === undefined ? [] : [identifier];
  for (const message of retained.match(filter)) {
    session.outbound.deliver({ message, qos: Math.min(message.qos, qos) as QoS, retain: true, identifiers }); // [MQTT-3.3.1-8]
  }
}

/** 3.1.1 has one failure code. */
function inVersion({ protocolVersion }: Connection, reasonCode: number): number {
  return protocolVersion < 5 ? Math.min(reasonCode, ReasonCode.UNSPECIFIED_ERROR) : reasonCode;
}

function violation(reasonCode: ReasonCode, problem: string): ProtocolViolation {
  return new ProtocolViolation(reasonCode, problem);
}
