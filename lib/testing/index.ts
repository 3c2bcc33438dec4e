export { MqttBroker } from './mqtt-broker.js';
export type { BrokerDeviations, SharedSubscriptionsMode } from './broker-deviations.js';
export type {
  BrokerPersonality,
  ConnectRequest,
  MqttBrokerOptions,
  PublishRequest,
  SubscribeRequest,
  Verdict,
  VerdictOrPromise,
} from './broker-options.js';
export type {
  AcknowledgeEvent,
  ConnectEvent,
  DeliverEvent,
  Direction,
  DisconnectEvent,
  DropMessageEvent,
  MqttBrokerEvents,
  PacketEvent,
  PublishEvent,
  SessionEndEvent,
  SubscribeEvent,
  UnsubscribeEvent,
} from './broker-events.js';
export type { BrokerMessage, BrokerMessageProperties, MessageToPublish } from './broker-message.js';
export type { DropOptions, Faults, RefuseConnectionsOptions, RemoveFault } from './faults/faults.js';
export type { ListenOptions } from './network/listener.js';
export type { PacketCmd, PacketMatch, PacketSelection } from './faults/packet-matcher.js';
export type { SessionView, SubscriptionView } from './sessions/session-view.js';
export type { WaitOptions } from './wait-for-event.js';
export { ReasonCode } from '../protocol/reason-code.js';
export { deadLetterStoreCases } from './stores/dead-letter-store-cases.js';
export { deduplicationStoreCases, type StoreCase } from './stores/deduplication-store-cases.js';
export type { Claim, DeduplicationStore } from '../protocol/deduplication-store.js';
export type { OutgoingMessage } from '../protocol/application-message.js';
