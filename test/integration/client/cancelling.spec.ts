import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt';
import { concat, NEVER, of } from 'rxjs';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

const FORM = 'control/server/0123456789abcdef';

@Controller()
class Endless {
  @MessagePattern('endless')
  endless() {
    return concat(of(1), NEVER);
  }
}

const values = (control: string) => ({ 'nest-stream': '0', 'nest-control': control });

describeEachBroker(
  'a message that names a control topic for cancelling',
  (broker) => {
    it('for a stream that this client never began: nothing is published, and the connection stays', async () => {
      const peer = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(peer, 'asked');
      const client = createClient(broker.connection);
      const answer = client.request('asked', 1);
      const { responseTopic, correlationData } = (await requests.atLeast(1))[0]!.properties!;
      const seen = await subscribeMqttJs(await connectMqttJs(broker), '#');
      const foreign = Buffer.from('never asked');
      for (const control of ['valves/open-all', 'a/+/b', '#', '$SYS/x', FORM]) {
        const properties = { correlationData: foreign, userProperties: values(control) };
        await peer.publishAsync(responseTopic!, '1', { properties });
      }
      await peer.publishAsync(responseTopic!, '1', { properties: { correlationData } });
      expect((await answer).data).toBe(1);
      await client.publish('marker', 1, { qos: 1 });
      await seen.first(({ topic }) => topic === 'marker');
      expect(seen.entries.filter(({ topic }) => topic !== responseTopic).map(({ topic }) => topic)).toEqual(['marker']);
      expect(client.health()).toMatchObject({ connected: true });
    });

    it.each(['valves/open-all', 'control/x', 'control/+/0123456789abcdef', '$control/a/0123456789abcdef', '#'])(
      'for its own stream, in another form than the contract’s: %s is not published to',
      async (control) => {
        const peer = await connectMqttJs(broker);
        const requests = await subscribeMqttJs(peer, 'asked');
        const client = createClient(broker.connection);
        const heard = new Journal<unknown>();
        const stream = client.send('asked', 1).subscribe(heard.add);
        const { responseTopic, correlationData } = (await requests.atLeast(1))[0]!.properties!;
        const seen = await subscribeMqttJs(await connectMqttJs(broker), '#');
        await peer.publishAsync(responseTopic!, '1', {
          properties: { correlationData, userProperties: values(control) },
        });
        await heard.atLeast(1);
        stream.unsubscribe();
        await client.publish('marker', 1, { qos: 1 });
        await seen.first(({ topic }) => topic === 'marker');
        expect(seen.entries.map(({ topic }) => topic).filter((topic) => topic !== responseTopic)).toEqual(['marker']);
        expect(client.health()).toMatchObject({ connected: true });
      },
    );

    it('for its own stream that runs: cancelled at QoS 0, naming Response Topic and Correlation Data; not once more', async () => {
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Endless] });
      const peer = await connectMqttJs(broker);
      const cancels = await subscribeMqttJs(peer, 'control/#', { qos: 1 });
      const requests = await subscribeMqttJs(await connectMqttJs(broker), 'endless');
      const client = createClient({ ...broker.connection, publishOptions: { qos: 1 } });
      const heard = new Journal<unknown>();
      const stream = client.send('endless', 1).subscribe(heard.add);
      await heard.atLeast(1);
      stream.unsubscribe();
      const [cancel] = await cancels.atLeast(1);
      const { responseTopic, correlationData } = requests.entries[0]!.properties!;
      expect(cancel).toMatchObject({ qos: 0, retain: false });
      expect(cancel!.properties).toMatchObject({
        responseTopic,
        correlationData,
        userProperties: { 'nest-cancel': '1' },
      });
      await client.publish('control/marker', 1, { qos: 1 });
      await cancels.first(({ topic }) => topic === 'control/marker');
      expect(cancels.size).toBe(2);
    });
  },
  { versions: [5] },
);

describeEachBroker(
  'several responders to one send() (scatter and gather)',
  (broker) => {
    async function responders(names: readonly string[], marked: boolean) {
      const peers = await Promise.all(names.map(() => connectMqttJs(broker)));
      const asked = await Promise.all(peers.map((peer) => subscribeMqttJs(peer, 'broadcast')));
      const controls = names.map((_, i) => `control/server${i}/${String(i).repeat(16)}`);
      const cancelled = await subscribeMqttJs(await connectMqttJs(broker), 'control/#');
      const reply = async (i: number, index: number, end = ''): Promise<void> => {
        const { responseTopic, correlationData } = (await asked[i]!.atLeast(1))[0]!.properties!;
        const userProperties = {
          'nest-stream': `${index}${end}`,
          ...(index === 0 && { 'nest-control': controls[i]! }),
          ...(marked && { 'nest-responder': names[i]! }),
        };
        await peers[i]!.publishAsync(responseTopic!, `"${names[i]} ${index}"`, {
          qos: 1,
          properties: { correlationData, userProperties },
        });
      };
      return { reply, controls, cancelled };
    }

    it.each([true, false])(
      'their values are told apart (marked: %s), duplicates too, and both are cancelled',
      async (marked) => {
        const { reply, controls, cancelled } = await responders(['a', 'b'], marked);
        const heard = new Journal<unknown>();
        const subscription = createClient(broker.connection).send('broadcast', 0).subscribe(heard.add);
        for (const [i, index] of [
          [0, 0],
          [1, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const)
          await reply(i, index);
        expect(await heard.atLeast(4)).toEqual(['a 0', 'b 0', 'a 1', 'b 1']);
        subscription.unsubscribe();
        expect((await cancelled.atLeast(2)).map(({ topic }: IPublishPacket) => topic).toSorted()).toEqual(controls);
      },
    );

    it('the first end completes the call, as with Nest’s transports; what others still send is cancelled', async () => {
      const { reply, controls, cancelled } = await responders(['a', 'b'], true);
      const heard = new Journal<unknown>();
      const client = createClient(broker.connection);
      client.send('broadcast', 0).subscribe({ next: heard.add, complete: () => heard.add('complete') });
      await reply(0, 0);
      await reply(1, 0);
      await reply(0, 1, ';last');
      expect(await heard.atLeast(4)).toEqual(['a 0', 'b 0', 'a 1', 'complete']);
      expect((await cancelled.atLeast(1)).map(({ topic }) => topic)).toEqual([controls[1]]);
    });
  },
  { versions: [5] },
);
