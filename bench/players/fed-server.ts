import { ServerMqtt as NestServer } from '@nestjs/microservices';
import { generate, parser, type IPublishPacket } from 'mqtt-packet';
import type { MqttClient } from 'mqtt';
import { ServerMqtt } from '../../lib/server/mqtt.server.js';
import type { PublishPacket } from '../../lib/protocol/application-message.js';
import { InboundMessage } from '../../lib/wire/inbound/inbound-message.js';
import type { PublishSettled } from '../../lib/wire/outbound/writer.js';
import { ECHO, reading } from '../contestants/contestant.js';
import { listen, responder } from '../contestants/nest-application.js';

type Take = (packet: IPublishPacket) => void;

interface Feed {
  readonly take: Take;
  /** One request, as the parser makes it. */
  readonly request: () => IPublishPacket;
  /** What happens when the replies of a turn have been written. */
  readonly written?: () => void;
}

/** Whose server it is. */
export type Fed = keyof typeof FEEDS;

/** Requests that come in one turn of the event loop. */
const TURN = 32;

/**
 * A Nest microservice with a controller that echoes, connected to a broker as any. But its requests come by hand, and its
 * replies go nowhere: what is left is its own cost.
 */
export class FedServer {
  private constructor(
    private readonly feed: Feed,
    private readonly replies: Counter,
  ) {}

  static async start(contestant: Fed, url: string): Promise<FedServer> {
    const replies = new Counter();
    return new FedServer(await FEEDS[contestant](url, replies), replies);
  }

  requests(count: number): IPublishPacket[] {
    return Array.from({ length: count }, this.feed.request);
  }

  /** Resolves when all of them have been answered. */
  async answer(requests: readonly IPublishPacket[]): Promise<void> {
    const { feed, replies } = this;
    const expected = replies.count + requests.length;
    for (let at = 0; at < requests.length || replies.count < expected; at += TURN) {
      for (let i = at; i < Math.min(at + TURN, requests.length); i++) feed.take(requests[i]!);
      await nextTurn();
      feed.written?.();
    }
  }
}

class Counter {
  count = 0;
}

const FEEDS = {
  async transport(url: string, replies: Counter): Promise<Feed> {
    const server = new ServerMqtt({ url });
    await listen(
      responder(ECHO, (request) => request),
      { strategy: server },
    );
    const runtime = server['runtime']!;
    const [receiver, host] = [runtime['receiver'], runtime['host']];
    const { inbound } = runtime['link'];
    const writer = runtime['link'].connection.writer!;
    const unsettled: PublishSettled[] = [];
    Object.assign(host, {
      send(_reply: unknown, settled: PublishSettled) {
        replies.count++;
        unsettled.push(settled);
        return true;
      },
    });
    const properties = { responseTopic: 'bench/inbox/1', correlationData: Buffer.alloc(8, 1) };
    return {
      request: requestSource(JSON.stringify(reading()), 5, properties),
      take: (packet) => receiver.receive(new InboundMessage(packet as PublishPacket, writer, inbound)),
      written: () => {
        for (const settled of unsettled) settled(undefined, 0);
        unsettled.length = 0;
      },
    };
  },

  async nest12(url: string, replies: Counter): Promise<Feed> {
    const server = new NestServer({ url });
    await listen(
      responder(ECHO, (request) => request),
      { strategy: server },
    );
    const nowhere = { publish: () => void replies.count++ } as unknown as MqttClient;
    const onMessage = server.getMessageHandler(nowhere) as (
      topic: string,
      payload: Buffer,
      packet: IPublishPacket,
    ) => Promise<unknown>;
    const envelope = { pattern: ECHO, id: 'a1b2c3d4e5f6a7b8c9d0e', data: reading() };
    return {
      request: requestSource(JSON.stringify(envelope), 4),
      take: (packet) => void onMessage(packet.topic, packet.payload as Buffer, packet),
    };
  },
} as const;

function requestSource(
  payload: string,
  protocolVersion: 4 | 5,
  properties: IPublishPacket['properties'] = {},
): () => IPublishPacket {
  const bytes = generate(
    { cmd: 'publish', topic: ECHO, payload, qos: 0, dup: false, retain: false, properties },
    { protocolVersion },
  );
  const reader = parser({ protocolVersion });
  let request: IPublishPacket;
  reader.on('packet', (packet) => (request = packet as IPublishPacket));
  return () => {
    reader.parse(bytes);
    return request;
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
