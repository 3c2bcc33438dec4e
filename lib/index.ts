export { AckMessage, NackMessage, RejectMessage } from './acknowledgement/acknowledgement-exceptions.js';
export type { ClientDescription } from './client/client-description.js';
export { ClientMqtt } from './client/mqtt.client.js';
export type { MqttMessage, MessagesOptions } from './client/messages/mqtt-message.js';
export type { MessageStream } from './client/messages/message-stream.js';
export type { MqttPublisher } from './client/mqtt-publisher.js';
export type { MqttReply } from './client/requests/mqtt-reply.js';
export {
  patternsOf,
  type ContractEventHandler,
  type ContractPatterns,
  type ContractRequestHandler,
  type HandlerDecorator,
  type HandlerResult,
  type PatternOptions,
  type TypedPatterns,
} from './context/contract-patterns.js';
export { MqttContext, type MessageControl, type MessageOrigin } from './context/mqtt.context.js';
export { Topic, TopicParam, UserProperty, type NamedParameterDecorator } from './context/parameter.decorators.js';
export { BackpressureError } from './errors/backpressure.error.js';
export { ConnectionClosedError } from './errors/connection-closed.error.js';
export { ConnectionRefusedError } from './errors/connection-refused.error.js';
export { DeadLetterError, type DeadLetterProblem } from './errors/dead-letter.error.js';
export { DuplicateHandlerError } from './errors/duplicate-handler.error.js';
export { FeatureNotSupportedError } from './errors/feature-not-supported.error.js';
export { InvalidOptionsError, type OptionProblem } from './errors/invalid-options.error.js';
export { InvalidTopicError } from './errors/invalid-topic.error.js';
export { MessageExpiredError } from './errors/message-expired.error.js';
export { MqttTransportError } from './errors/mqtt-transport.error.js';
export { NoMatchingSubscribersError } from './errors/no-matching-subscribers.error.js';
export { PayloadDecodeError } from './errors/payload-decode.error.js';
export { PayloadEncodeError } from './errors/payload-encode.error.js';
export { PublishCancelledError } from './errors/publish-cancelled.error.js';
export { PublishRefusedError } from './errors/publish-refused.error.js';
export { PublishTimeoutError } from './errors/publish-timeout.error.js';
export { RemoteError } from './errors/remote.error.js';
export { RequestCancelledError } from './errors/request-cancelled.error.js';
export { RequestTimeoutError, type TimeoutDetails } from './errors/request-timeout.error.js';
export { StreamGapError } from './errors/stream-gap.error.js';
export { SubscriptionRefusedError, type RefusedFilter } from './errors/subscription-refused.error.js';
export { MqttHttpExceptionFilter } from './filters/mqtt-http-exception.filter.js';
export type {
  MqttModuleAsyncOptions,
  MqttModuleExtras,
  MqttModuleOptions,
  MqttModuleOptionsFactory,
} from './module/mqtt-module-options.js';
export {
  getDeadLettersToken,
  getMqttClientToken,
  getMqttServerToken,
  getMqttTransportId,
  InjectDeadLetters,
  InjectMqttClient,
  InjectMqttServer,
  MQTT_OBSERVERS,
} from './module/mqtt-tokens.js';
export { MqttModule } from './module/mqtt.module.js';
export type {
  MqttDeadLetter,
  MqttDelivery,
  MqttHandled,
  MqttRetry,
  MqttSettlement,
} from './observing/mqtt-delivery.js';
export type { MqttObservedHandler } from './observing/mqtt-observed-handler.js';
export type { MqttDrop, MqttDropReason } from './observing/mqtt-drop.js';
export type { MqttFigures, MqttHealth } from './observing/mqtt-health.js';
export type { MqttConnectionEvent, MqttObservedConnection } from './observing/mqtt-observed-connection.js';
export type { MqttHandlerFigures } from './observing/mqtt-observed-handler.js';
export type { MqttObservedRequest, MqttRequestEnd } from './observing/mqtt-observed-request.js';
export type { MqttObserver } from './observing/mqtt-observer.js';
export type { MqttPublication, MqttPublishEnd } from './observing/mqtt-publication.js';
export { AckPolicy } from './options/ack-policy.js';
export type { MqttClientOptions } from './options/client-options.js';
export type { MqttConnectionOptions } from './options/connection-options.js';
export type { MqttCredentials } from './options/credentials.js';
export type { DeadLettersOptions } from './options/dead-letters-options.js';
export type { DeduplicateOptions } from './options/deduplicate-options.js';
export type { MqttMessageFormat } from './options/message-format.js';
export type { MqttPayloadOptions } from './options/payload-options.js';
export type { MqttPublishOptions, PublishDefaults } from './options/publish-options.js';
export type { ReconnectOptions } from './options/reconnect-options.js';
export type {
  MqttServerOptions,
  NegativeAcknowledgements,
  Qos0BufferOptions,
  RedeliveryOptions,
  StaleMessage,
} from './options/server-options.js';
export type { MqttSubscriptionOptions, RetryOptions } from './options/subscription-options.js';
export type {
  MessageProperties,
  OutgoingMessage,
  PublishPacket,
  QoS,
  UserProperties,
} from './protocol/application-message.js';
export type { DeadLetter, KeptDeadLetter } from './protocol/dead-letter.js';
export type {
  DeadLetterClaim,
  DeadLetterFailure,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterStore,
} from './protocol/dead-letter-store.js';
export type { Claim, DeduplicationStore } from './protocol/deduplication-store.js';
export type { KeyedMessage } from './protocol/keyed-message.js';
export type { DecodeHints, EncodedPayload, MqttCodec } from './protocol/codec.js';
export { ReasonCode } from './protocol/reason-code.js';
export type {
  AnyTopics,
  EventOf,
  EventTopic,
  MessageOf,
  MessageTopic,
  ReplyOf,
  RequestOf,
  RequestTopic,
  WithoutContract,
} from './protocol/topic-contract.js';
export { TopicFilter } from './protocol/topic-filter.js';
export { MqttRecord, MqttRecordBuilder, type MqttRecordOptions, type Sendable } from './records/mqtt-record.js';
export { MqttResponse, type MqttResponseOptions } from './records/mqtt-response.js';
export type { HandlerDescription } from './routing/handler-description.js';
export type { Capture } from './routing/topic-template.js';
export { PublishTo } from './routing/decorators/publish-to.decorator.js';
export type { PublishTarget, PublishToOptions } from './routing/publish-target.js';
export { MqttSubscription } from './routing/decorators/mqtt-subscription.decorator.js';
export type { AzureError } from './serialization/azure-iot-operations.js';
export { binaryCodec, defaultCodec, jsonCodec, textCodec } from './serialization/codecs.js';
export { readDeadLetter, type ReceivedLetter } from './serialization/dead-letter-message.js';
export { DeadLetters } from './server/dead-letters/dead-letters.js';
export { MemoryDeadLetterStore, type MemoryDeadLetterOptions } from './server/dead-letters/memory-dead-letter-store.js';
export type { ReplayAllOptions, ReplayOptions, ReplayProgress } from './server/dead-letters/replay-options.js';
export { ServerMqtt } from './server/mqtt.server.js';
export type { ServerDescription } from './server/server-description.js';
export type { ConnectionDescription, EndpointDescription } from './wire/connection/connection-description.js';
export type { MqttEvents, MqttStatus } from './wire/mqtt-events.js';
