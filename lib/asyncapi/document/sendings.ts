import type { ExploredApplication } from '../../module/explored-application.js';
import type { MqttPublishOptions } from '../../options/publish-options.js';
import { parseTopicTemplate } from '../../routing/topic-template.js';
import type { SchemaSource } from '../schemas/json-schema.js';
import type { Broker, Brokers } from './brokers.js';
import { channelAddress, type ChannelAddress } from './channel-address.js';
import { compare } from './described-handler.js';

/** A topic that the application publishes to. With `request` it waits for a reply. */
export interface SentTopic extends Pick<
  MqttPublishOptions,
  'qos' | 'retain' | 'messageExpiryInterval' | 'contentType'
> {
  summary?: string;
  /** Payload of an event. */
  event?: SchemaSource;
  /** Payload of a request. */
  request?: SchemaSource;
  /** Payload of the reply to a request. */
  reply?: SchemaSource;
  /** Name of the broker. Default: the unnamed one. */
  broker?: string;
}

/** Topics that the application publishes to, with schemas. `{name}` stands for any level. */
export type SentTopics = Readonly<Record<string, SentTopic>>;

/** A topic that the application publishes to, from any declaration. */
export interface Sending {
  readonly broker: Broker;
  readonly address: ChannelAddress;
  readonly declared: SentTopic;
}

/** All topics that clients publish to. `topics` take precedence over publishers, and publishers over the options of the client. */
export function sendingsOf(application: ExploredApplication, topics: SentTopics, brokers: Brokers): Sending[] {
  const sendings = new Map<string, Sending>();
  const put = (broker: Broker, address: ChannelAddress, declared: SentTopic): void => {
    const key = JSON.stringify([broker.name, address]);
    sendings.set(key, { broker, address, declared: { ...declared, ...known(sendings.get(key)?.declared) } });
  };
  for (const [topic, declared] of Object.entries(topics)) {
    put(brokerOf(topic, declared, brokers), addressOf(topic), declared);
  }
  for (const { client, topic, defaults } of application.publishers) {
    const broker = brokers.of(client);
    if (broker) put(broker, channelAddress(topic, []), publishing(defaults)); // else the client is not a provider
  }
  for (const client of application.clients) {
    const { topicTemplates, publishOptions } = client.describe();
    for (const topic of topicTemplates) put(brokers.of(client)!, addressOf(topic), publishing(publishOptions));
  }
  return [...sendings].toSorted(([a], [b]) => compare(a, b)).map(([, sending]) => sending);
}

function addressOf(topic: string): ChannelAddress {
  const { filter, captures } = parseTopicTemplate(topic);
  return channelAddress(filter, captures);
}

function publishing({ qos, retain, messageExpiryInterval, contentType }: Readonly<MqttPublishOptions>): SentTopic {
  return { qos, retain, messageExpiryInterval, contentType };
}

/** Without undefined values, which must not hide values of other declarations. */
function known(declared: SentTopic | undefined): SentTopic {
  return Object.fromEntries(Object.entries(declared ?? {}).filter(([, value]) => value !== undefined));
}

function brokerOf(topic: string, { broker: name }: SentTopic, brokers: Brokers): Broker {
  const broker = brokers.named(name);
  if (broker) return broker;
  const problem = name === undefined ? 'the application has no broker' : `the application has no broker "${name}"`;
  throw new Error(`The topic "${topic}" cannot be described: ${problem}. Import MqttModule, or name another broker.`);
}
