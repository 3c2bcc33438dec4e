import { parseTopicTemplate } from '../../routing/topic-template.js';
import { mqttBinding, type AsyncApiOperation, type AsyncApiReply } from './async-api-document.js';
import { channelAddress, nestReplyAddress, type ChannelAddress } from './channel-address.js';
import type { Channels } from './channels.js';
import { operationName, type DescribedHandler } from './described-handler.js';
import type { Messages } from './messages.js';
import type { UniqueNames } from './unique-names.js';

/** The parts of the document under construction. */
export interface Drafts {
  readonly channels: Channels;
  readonly messages: Messages;
  readonly names: UniqueNames;
  readonly operations: Record<string, AsyncApiOperation>;
}

/** Adds the operations of a handler: the messages that it receives, replies and publishes. */
export function addHandlerOperations(described: DescribedHandler, drafts: Drafts): void {
  const { handler, broker, doc } = described;
  const channel = drafts.channels.at(broker, channelAddress(handler.filter, handler.captures));
  const id = drafts.names.take(operationName(described, channel.id));
  const message = drafts.channels.add(channel, id, drafts.messages.received(described, id));
  const reply = handler.kind === 'request' && !handler.options.noReply ? replyOf(described, id, drafts) : undefined;
  drafts.operations[id] = {
    action: 'receive',
    channel: channel.reference,
    ...titleOf(described),
    ...(doc.summary !== undefined && { summary: doc.summary }),
    messages: [message],
    ...(reply && { reply }),
    bindings: mqttBinding({ qos: handler.options.qos })!,
    ...extensionsOf(described),
  };
  addResults(described, id, drafts);
  addDeadLetter(described, id, drafts);
}

/** On 5.0 the request has a Response Topic; on 3.1.1 the handler or Nest's wire format defines the reply topic. */
function replyOf(described: DescribedHandler, id: string, { channels, messages }: Drafts): AsyncApiReply {
  const { handler, broker } = described;
  const message = messages.returned(described, `${id}_reply`);
  const { responseTopic } = handler.options;
  if (broker.protocolVersion === 4) {
    const channel = channels.at(broker, fixedReplyAddress(described));
    return channels.reply(channel, channels.add(channel, `${id}_reply`, message));
  }
  const channel = channels.ofReplies(broker, id);
  const fallback = responseTopic === undefined ? '' : `; \`${responseTopic}\` if it has none`;
  return channels.reply(channel, channels.add(channel, 'reply', message), {
    location: '$message.header#/responseTopic',
    description: `Response Topic of the request${fallback}`,
  });
}

function fixedReplyAddress({ handler }: DescribedHandler): ChannelAddress {
  const { responseTopic } = handler.options;
  if (responseTopic !== undefined) return channelAddress(responseTopic, []);
  return nestReplyAddress(channelAddress(handler.filter, handler.captures));
}

function addResults(described: DescribedHandler, id: string, { channels, messages, names, operations }: Drafts): void {
  const { handler, broker, server } = described;
  for (const { topic, options } of handler.publishTo) {
    const { filter, captures } = parseTopicTemplate(topic);
    const channel = channels.at(broker, channelAddress(filter, captures));
    const operation = names.take(`${id}_publishTo`);
    const message = messages.returned(described, operation, options.codec);
    const defaults = server.publishOptions;
    operations[operation] = {
      action: 'send',
      channel: channel.reference,
      ...titleOf(described, 'results of '),
      messages: [channels.add(channel, operation, message)],
      bindings: mqttBinding({
        qos: options.qos ?? defaults.qos ?? 0,
        retain: options.retain ?? defaults.retain ?? false,
        messageExpiryInterval: options.messageExpiryInterval ?? defaults.messageExpiryInterval,
      })!,
    };
  }
}

function addDeadLetter(described: DescribedHandler, id: string, drafts: Drafts): void {
  const { handler, broker } = described;
  const { deadLetter } = handler.options;
  if (typeof deadLetter !== 'string') return;
  const { channels, messages, names, operations } = drafts;
  const channel = channels.at(broker, channelAddress(deadLetter, []));
  const operation = names.take(`${id}_deadLetter`);
  operations[operation] = {
    action: 'send',
    channel: channel.reference,
    ...titleOf(described, 'dead letters of '),
    messages: [channels.add(channel, operation, messages.deadLetter(described, operation))],
  };
}

function titleOf({ place }: DescribedHandler, before = ''): { title?: string } {
  return place === undefined ? {} : { title: `${before}${place}()` };
}

/** Extensions for options that AsyncAPI does not define. */
function extensionsOf({ handler: { group, options } }: DescribedHandler): Record<`x-${string}`, unknown> {
  const { ackPolicy, maxWorkers = Infinity, retry, deadLetter } = options;
  return {
    ...(group !== undefined && { 'x-shared-group': group }),
    'x-ack-policy': ackPolicy,
    ...(maxWorkers !== Infinity && { 'x-max-workers': maxWorkers }),
    ...(retry && retry.attempts > 1 && { 'x-retry': retry }),
    ...(typeof deadLetter === 'string' && { 'x-dead-letter': deadLetter }),
  };
}
