import type { IClientOptions } from 'mqtt';
import { topicNameProblem } from '../protocol/topic-name.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import { kindOf, type OptionChecks } from './option-checks.js';
import { namesOf } from './option-names.js';
import { checkUserPropertyTexts } from './user-properties.js';

type Will = NonNullable<IClientOptions['will']>;

const WILL_NAMES = namesOf<Will>({
  topic: true,
  payload: true,
  qos: true,
  retain: true,
  properties: true,
});
const WILL_PROPERTY_NAMES = namesOf<NonNullable<Will['properties']>>({
  willDelayInterval: true,
  payloadFormatIndicator: true,
  messageExpiryInterval: true,
  contentType: true,
  responseTopic: true,
  correlationData: true,
  userProperties: true,
});

/** MQTT.js finds these mistakes when it writes the CONNECT, in every attempt anew. */
export function checkWill(checks: OptionChecks, will: Will | undefined): void {
  if (!checks.object('will', will)) return;
  checks.known('will', will, WILL_NAMES);
  if (will.topic === undefined) checks.report('will.topic', 'there is none', 'Give a Topic Name');
  checks.sent('will.topic', will.topic, topicNameProblem, 'Give a Topic Name');
  checkWillPayload(checks, will.payload);
  checks.oneOf('will.qos', will.qos, [0, 1, 2]);
  checks.boolean('will.retain', will.retain);
  if (!checks.object('will.properties', will.properties)) return;
  checks.known('will.properties', will.properties, WILL_PROPERTY_NAMES);
  const { contentType, responseTopic, userProperties } = will.properties;
  checks.sent('will.properties.contentType', contentType, utf8StringProblem, 'Give a MIME type');
  checks.sent('will.properties.responseTopic', responseTopic, topicNameProblem, 'Give a Topic Name');
  checkUserPropertyTexts(checks, 'will.properties.userProperties', userProperties);
}

/** A will has no codec. */
function checkWillPayload(checks: OptionChecks, payload: unknown): void {
  if (payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array) return;
  checks.report('will.payload', `it is ${kindOf(payload)}`, 'Give a string or a Buffer, such as JSON.stringify(value)');
}
