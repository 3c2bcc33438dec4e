import {
  referenceTo,
  type AsyncApiChannel,
  type AsyncApiMessage,
  type AsyncApiReply,
  type Reference,
} from './async-api-document.js';
import type { Broker } from './brokers.js';
import type { ChannelAddress } from './channel-address.js';
import { UniqueNames } from './unique-names.js';

/** A channel of the document under construction. */
export interface Channel {
  readonly id: string;
  readonly reference: Reference;
}

/** The channels of a document, one for each broker and address. */
export class Channels {
  readonly all: Record<string, AsyncApiChannel> = {};
  private readonly ids = new Map<string, string>();
  private readonly names = new UniqueNames('-');

  at(broker: Broker, { address, parameters }: ChannelAddress): Channel {
    const key = JSON.stringify([broker.name, address, parameters]);
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.names.take(`${broker.prefix}${address}`);
      this.ids.set(key, id);
      const more = Object.keys(parameters).length > 0 && { parameters };
      this.all[id] = { address, servers: broker.servers, ...more, messages: {} };
    }
    return { id, reference: referenceTo('channels', id) };
  }

  /** A reply channel whose topic is named by each request. */
  ofReplies(broker: Broker, operation: string): Channel {
    const id = this.names.take(`${operation}_reply`);
    this.all[id] = { address: null, servers: broker.servers, messages: {} };
    return { id, reference: referenceTo('channels', id) };
  }

  /** Adds a message, unless the channel has one that differs only in its name: AsyncAPI requires that a message matches only one. */
  add({ id }: Channel, name: string, message: AsyncApiMessage): Reference {
    const { messages } = this.all[id]!;
    const same = Object.keys(messages).find((other) => contentOf(messages[other]!) === contentOf(message));
    const key = same ?? name;
    messages[key] ??= message;
    return referenceTo('channels', id, 'messages', key);
  }

  reply(channel: Channel, message: Reference, address?: AsyncApiReply['address']): AsyncApiReply {
    return { ...(address && { address }), channel: channel.reference, messages: [message] };
  }
}

function contentOf({
  name: _name,
  title: _title,
  summary: _summary,
  examples: _examples,
  ...content
}: AsyncApiMessage): string {
  return JSON.stringify(content);
}
