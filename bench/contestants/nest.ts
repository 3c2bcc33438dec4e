import { ClientMqtt, MqttRecordBuilder, ServerMqtt, Transport, type MqttOptions } from '@nestjs/microservices';
import type { MqttClient } from 'mqtt';
import { firstValueFrom } from 'rxjs';
import { ECHO, requestFilter, type Contestant, type QoS, type Reading } from './contestant.js';
import { consumer, listen, responder } from './nest-application.js';

/**
 * Nest's own MQTT transport, as it is documented.
 *
 * @param pinned whether the client's reply subscription is held open, which Nest's client does not do: its best case
 */
export function nest({ pinned }: { pinned: boolean }): Contestant {
  return {
    async respond({ url, qos, group, answer }) {
      const app = await listen(responder(requestFilter(group), answer), mqtt({ url, subscribeOptions: { qos } }));
      await subscribed(app.unwrap());
    },

    async requester({ url, qos }) {
      const client = new PinnableClient({ url, subscribeOptions: { qos } });
      await client.connect();
      if (pinned) await client.pin(ECHO, qos);
      return { call: (request) => firstValueFrom(client.send<Reading>(ECHO, recordOf(request, qos))) };
    },

    async consume({ url, qos, filter, clientId }, take) {
      const session = clientId === undefined ? {} : { clientId, clean: false };
      const app = await listen(consumer(filter, take), mqtt({ url, subscribeOptions: { qos }, ...session }));
      await subscribed(app.unwrap());
    },

    async emitter({ url, qos }) {
      const client = new ClientMqtt({ url });
      await client.connect();
      return {
        emit: (topic, event) => firstValueFrom(client.emit(topic, recordOf(event, qos)), { defaultValue: undefined }),
      };
    },

    async start({ url, qos }, filters) {
      const server = new ObservedServer({ url, subscribeOptions: { qos } });
      for (const filter of filters) server.addHandler(filter, () => Promise.resolve(), true);
      await new Promise<void>((resolve) => {
        server.onGranted = resolve;
        void server.listen(() => {});
      });
    },
  };
}

class PinnableClient extends ClientMqtt {
  async pin(pattern: string, qos: QoS): Promise<void> {
    const replies = this.getResponsePattern(pattern);
    await this.unwrap<MqttClient>().subscribeAsync(replies, { qos });
    this.subscriptionsCount.set(replies, 1);
  }
}

/** Nest says that it listens before its subscriptions stand: the answer to one more SUBSCRIBE comes after theirs. */
async function subscribed(client: MqttClient): Promise<void> {
  await client.subscribeAsync('bench/last');
}

/** With many handlers, their SUBSCRIBE packets queue up in its client, and one more would overtake them: each SUBACK counts. */
class ObservedServer extends ServerMqtt {
  /** Called when the last one has come. */
  onGranted = (): void => {};

  override bindEvents(client: MqttClient): void {
    let open = this.messageHandlers.size;
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'suback' && --open === 0) this.onGranted();
    });
    super.bindEvents(client);
  }
}

/** Nest's client changes the record: each message needs its own. */
function recordOf(data: Reading, qos: QoS): unknown {
  return qos === 0 ? data : new MqttRecordBuilder(data).setQoS(qos).build();
}

function mqtt(options: NonNullable<MqttOptions['options']>): MqttOptions {
  return { transport: Transport.MQTT, options };
}
