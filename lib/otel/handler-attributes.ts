import type { Attributes } from '@opentelemetry/api';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttObservedHandler } from '../observing/mqtt-observed-handler.js';
import { attributesOf, spanName } from './attributes.js';
import { Attribute, OperationType } from './conventions.js';

/** What is known of a handler's spans and metrics before a message comes. */
export interface HandlerAttributes {
  readonly spanName: string;
  readonly span: Attributes;
  /** Of `messaging.process.duration`. Few values each. */
  readonly processed: Attributes;
  /** Of `messaging.client.consumed.messages`. */
  readonly consumed: Attributes;
}

const known = new WeakMap<MqttObservedHandler, HandlerAttributes>();

/** Made once for each handler: for each message they would cost more than the span. */
export function handlerAttributes({ handler, connection }: MqttDelivery): HandlerAttributes {
  let attributes = known.get(handler);
  if (!attributes) known.set(handler, (attributes = make(handler, connection)));
  return attributes;
}

function make(handler: MqttObservedHandler, connection: MqttObservedConnection): HandlerAttributes {
  const { template, subscription, group, source } = handler;
  const common = attributesOf(connection);
  const consumer: Attributes = {
    [Attribute.operationName]: 'process',
    [Attribute.destinationTemplate]: template,
    [Attribute.subscription]: subscription,
  };
  if (group !== undefined) consumer[Attribute.consumerGroup] = group;
  const process = { ...consumer, [Attribute.operationType]: OperationType.process };
  const span: Attributes = { ...common.span, ...process };
  if (source !== undefined) span[Attribute.functionName] = source;
  return {
    spanName: spanName('process', template),
    span,
    processed: { ...common.metric, ...process },
    consumed: { ...common.metric, ...consumer },
  };
}
