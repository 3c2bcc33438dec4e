/**
 * All names of OpenTelemetry's semantic conventions that are used, and their version. The messaging conventions have the status
 * "Development": they may change with every release, and this file with them.
 */
export const CONVENTIONS_VERSION = '1.44.0';

/** Schema URL of all spans and metrics. */
export const SCHEMA_URL = `https://opentelemetry.io/schemas/${CONVENTIONS_VERSION}`;

/** Attributes of the conventions. */
export const Attribute = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  destinationTemplate: 'messaging.destination.template',
  destinationTemporary: 'messaging.destination.temporary',
  subscription: 'messaging.destination.subscription.name',
  consumerGroup: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  bodySize: 'messaging.message.body.size',
  conversationId: 'messaging.message.conversation_id',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  protocolName: 'network.protocol.name',
  protocolVersion: 'network.protocol.version',
  functionName: 'code.function.name',
  errorType: 'error.type',
} as const;

/** Metrics of the conventions. */
export const Metric = {
  operationDuration: 'messaging.client.operation.duration',
  sentMessages: 'messaging.client.sent.messages',
  consumedMessages: 'messaging.client.consumed.messages',
  processDuration: 'messaging.process.duration',
} as const;

/** Bucket boundaries of the conventions for durations, in seconds. */
export const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Values of {@link Attribute.operationType}. */
export const OperationType = { send: 'send', process: 'process' } as const;

/** Value of {@link Attribute.system}: the conventions define none for MQTT, and allow custom values. */
export const SYSTEM = 'mqtt';

/** Attributes specific to MQTT, in the namespace that the conventions reserve for the system. */
export const MqttAttribute = {
  qos: 'messaging.mqtt.qos',
  retain: 'messaging.mqtt.retain',
  dup: 'messaging.mqtt.dup',
  packetId: 'messaging.mqtt.packet_id',
  /** Number of runs of the handler. */
  attempts: 'messaging.mqtt.attempts',
  /** Outcome of a message (see `MqttSettlement`), a publication (`MqttPublishEnd`) or a request (`MqttRequestEnd`). */
  outcome: 'messaging.mqtt.outcome',
  reasonCode: 'messaging.mqtt.reason_code',
  /** Name of the broker, if there are several. */
  broker: 'messaging.mqtt.broker',
  /** Prefix; followed by a dot and the name of the property. */
  userProperty: 'messaging.mqtt.user_property',
} as const;

/** Span events of a process span. */
export const MqttEvent = {
  retry: 'messaging.mqtt.retry',
  withheld: 'messaging.mqtt.withheld',
  deadLetter: 'messaging.mqtt.dead_letter',
  replyExpired: 'messaging.mqtt.reply_expired',
} as const;

/** Attributes of {@link MqttEvent}. */
export const MqttEventAttribute = {
  attempt: 'messaging.mqtt.attempt',
  delayMs: 'messaging.mqtt.retry_delay_ms',
  deadLetterTopic: 'messaging.mqtt.dead_letter_topic',
  reason: 'messaging.mqtt.reason',
} as const;
