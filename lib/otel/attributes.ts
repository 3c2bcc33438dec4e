import type { Attributes } from '@opentelemetry/api';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import { Attribute, MqttAttribute, SYSTEM } from './conventions.js';

/** Attributes of all spans and metrics of a connection. */
export interface ConnectionAttributes {
  readonly span: Attributes;
  /** Low-cardinality attributes, for metrics. */
  readonly metric: Attributes;
}

const known = new WeakMap<MqttObservedConnection, ConnectionAttributes>();

/** Cached for each connection. */
export function attributesOf(connection: MqttObservedConnection): ConnectionAttributes {
  let attributes = known.get(connection);
  if (!attributes) known.set(connection, (attributes = make(connection)));
  return attributes;
}

function make({ broker, clientId, name, protocolVersion }: MqttObservedConnection): ConnectionAttributes {
  const metric: Attributes = { [Attribute.system]: SYSTEM, ...addressOf(broker) };
  if (name !== undefined) metric[MqttAttribute.broker] = name;
  const span = {
    ...metric,
    [Attribute.clientId]: clientId,
    [Attribute.protocolName]: 'mqtt',
    [Attribute.protocolVersion]: protocolVersion === 5 ? '5.0' : '3.1.1',
  };
  return { span, metric };
}

function addressOf(broker: string): Attributes {
  if (!URL.canParse(broker)) return {};
  const { hostname, port } = new URL(broker);
  if (hostname === '') return {};
  const address = hostname.replace(/^\[|\]$/g, ''); // of IPv6
  return { [Attribute.serverAddress]: address, ...(port !== '' && { [Attribute.serverPort]: Number(port) }) };
}

/** Span name: the operation and the topic template, if there is one. Topic Names have too high a cardinality. */
export function spanName(operation: string, template: string | undefined): string {
  return template === undefined ? operation : `${operation} ${template}`;
}

/** Destination attributes of a span; metrics have the template only. */
export function destinationOf(topic: string, template: string | undefined): Attributes {
  const attributes: Attributes = { [Attribute.destination]: topic };
  if (template !== undefined) attributes[Attribute.destinationTemplate] = template;
  return attributes;
}
