import { mqttBinding, type AsyncApiReply } from './async-api-document.js';
import { nestReplyAddress } from './channel-address.js';
import type { Drafts } from './handler-operations.js';
import { messageOf } from './messages.js';
import type { Sending } from './sendings.js';

/** Adds an operation for what clients send to one channel. */
export function addClientOperation({ broker, address, declared }: Sending, drafts: Drafts): void {
  const { channels, messages, names, operations } = drafts;
  const channel = channels.at(broker, address);
  const id = names.take(`send_${channel.id}`);
  const isRequest = declared.request !== undefined;
  const message = messageOf({
    id,
    protocolVersion: broker.protocolVersion,
    payload: messages.schema(declared.request ?? declared.event, id),
    contentType: declared.contentType,
    isRequest,
  });
  const { qos = 0, retain = false, messageExpiryInterval } = declared;
  operations[id] = {
    action: 'send',
    channel: channel.reference,
    ...(declared.summary !== undefined && { summary: declared.summary }),
    messages: [channels.add(channel, id, message)],
    ...(isRequest && { reply: replyTo({ broker, address, declared }, id, drafts) }),
    bindings: mqttBinding({ qos, retain, messageExpiryInterval })!,
  };
}

/** On 5.0 the request has a Response Topic; on 3.1.1 Nest's wire format defines the reply topic. */
function replyTo({ broker, address, declared }: Sending, id: string, { channels, messages }: Drafts): AsyncApiReply {
  const { protocolVersion } = broker;
  const message = messageOf({
    id: `${id}_reply`,
    protocolVersion,
    payload: messages.schema(declared.reply, `${id}_reply`),
  });
  if (protocolVersion === 4) {
    const fixed = channels.at(broker, nestReplyAddress(address));
    return channels.reply(fixed, channels.add(fixed, `${id}_reply`, message));
  }
  const channel = channels.ofReplies(broker, id);
  return channels.reply(channel, channels.add(channel, 'reply', message), {
    location: '$message.header#/responseTopic',
    description: 'Response Topic of the request',
  });
}
