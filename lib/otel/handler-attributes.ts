import type { Attributes } from '@opentelemetry/api';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttDelivery } from '../observing/mqtt-delivery.js';
import type { MqttObservedHandler } from '../observing/mqtt-observed-handler.js';
import { attributesOf, spanName } from './attributes.js';
import { Attribute, OperationType } from './conventions.js';

/** Constant attributes of a handler's spans and metrics. */
export interface HandlerAttributes {
  readonly spanName: string;
  readonly span: Attributes;
  /** Attributes of `messaging.process.duration`, with low cardinality. */
  readonly processed: Attributes;
  /** Attributes of `messaging.client.consumed.messages`. */
  readonly consumed: Attributes;
}

const known = new WeakMap<MqttObservedHandler, HandlerAttributes>();

/** Cached for each handler: creating them for each message would take longer than the span. */
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
