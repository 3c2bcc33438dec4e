import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { AckPolicy, jsonCodec, type MqttContext } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf, inWords } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { letterIn } from '../../support/dead-letters.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { startInProcessBroker, connectionTo } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

const retry = { attempts: 3, delay: 1 };

/** Handlers that give up, each in its way. */
function jobs(): { runs: Journal<string>; controller: new () => object } {
  const runs = new Journal<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('dead-letter/fails', { deadLetter: 'dead/letters', retry })
    fails(@Payload() name: string): void {
      runs.add(name);
      throw new RpcException('sensor out of range');
    }

    @EventPattern<string>('dead-letter/rejects', { deadLetter: 'dead/letters', ackPolicy: AckPolicy.REJECT_ON_ERROR })
    rejects(@Payload() name: string, @Ctx() context: MqttContext): void {
      runs.add(name);
      context.reject(0x99, 'not for us');
    }

    @EventPattern<string>('dead-letter/undecodable', { deadLetter: 'dead/letters', codec: jsonCodec, retry })
    undecodable(): void {
      runs.add('never');
    }

    @EventPattern<string>('dead-letter/withholds', { deadLetter: 'dead/letters' })
    withholds(@Payload() name: string, @Ctx() context: MqttContext): void {
      runs.add(name);
      context.nack();
      throw new Error('again, please');
    }

    @EventPattern<string>('dead-letter/explains', { deadLetter: 'dead/letters' })
    explains(): void {
      throw new RpcException('line 1\nline 2\u0007\uffff');
    }

    @EventPattern<string>('dead-letter/end', { ackPolicy: AckPolicy.ACK })
    end(@Payload() name: string): void {
      runs.add(name);
    }
  }

  return { runs, controller: Jobs };
}

describeEachBroker('a dead letter', (broker) => {
  const v5 = broker.protocolVersion === 5;

  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    it('is the message that was given up, and why; that is acknowledged when the broker has accepted the letter', async () => {
      const tap = await tapWire(broker.connection);
      const { runs, controller } = jobs();
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      const letters = await subscribeMqttJs(peer, 'dead/letters', { qos: 2 });
      const properties = {
        contentType: 'text/plain',
        responseTopic: 'somewhere/else',
        correlationData: Buffer.from([0, 255]),
        payloadFormatIndicator: true,
        userProperties: { site: ['a', 'b'], unit: '°C' },
      };
      await peer.publishAsync('dead-letter/fails', 'over 9000', { qos, ...(v5 && { properties }) });
      const [letter] = await letters.atLeast(1);
      expect(letter).toMatchObject({ topic: 'dead/letters', qos, retain: false });
      expect(runs.entries).toEqual(['over 9000', 'over 9000', 'over 9000']);
      const reasons = {
        'nest-dead-letter-reason': 'sensor out of range',
        'nest-dead-letter-error': 'RpcException',
        'nest-dead-letter-topic': 'dead-letter/fails',
        'nest-dead-letter-attempts': '3',
        'nest-dead-letter-time': expect.stringMatching(/^20.*Z$/),
        'nest-dead-letter-pattern': 'dead-letter/fails',
      };
      const expected = { ...properties, userProperties: { ...properties.userProperties, ...reasons } };
      expect({ ...letter!.properties }).toEqual(v5 ? expected : {});
      expect(letter!.payload.toString()).toMatch(v5 ? /^over 9000$/ : /^{"nestDeadLetter":1,/);
      expect(letterIn(letter!)).toMatchObject({
        topic: 'dead-letter/fails',
        pattern: 'dead-letter/fails',
        payload: Buffer.from('over 9000'),
        reason: 'sensor out of range',
        error: 'RpcException',
        attempts: 3,
        qos,
      });

      await acknowledged(tap, 'over 9000');
      const packets = tap.packets.entries.map(({ from, packet }) => `${from}: ${inWords(packet).split(' 0x')[0]}`);
      const order = packets.slice(packets.indexOf('broker: PUBLISH dead-letter/fails'));
      expect(order.slice(0, qos === 1 ? 4 : 6)).toEqual(
        qos === 1
          ? [
              'broker: PUBLISH dead-letter/fails',
              'client: PUBLISH dead/letters',
              'broker: PUBACK',
              'client: PUBACK', // of the message
            ]
          : [
              'broker: PUBLISH dead-letter/fails',
              'client: PUBLISH dead/letters',
              'broker: PUBREC',
              'client: PUBREL',
              'broker: PUBCOMP',
              'client: PUBREC', // of the message
            ],
      );
    });

    it('replaces the rejection, and is sent for what cannot be decoded', async () => {
      const tap = await tapWire(broker.connection);
      const { runs, controller } = jobs();
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      const letters = await subscribeMqttJs(peer, 'dead/letters', { qos: 2 });
      await peer.publishAsync('dead-letter/rejects', 'one', { qos });
      await letters.atLeast(1);
      await peer.publishAsync('dead-letter/undecodable', '{', { qos });
      const [first, second] = await letters.atLeast(2);
      await acknowledged(tap, '{');
      const read = [first, second].map((letter) => letterIn(letter!));
      expect(read.map(({ payload }) => payload.toString())).toEqual(['one', '{']);
      expect(runs.entries).toEqual(['one']);
      const accepted = qos === 1 ? 'PUBACK' : 'PUBREC';
      for (const topic of ['dead-letter/rejects', 'dead-letter/undecodable'])
        expect(acknowledgementsOf(tap, topic)[0]).toBe(v5 ? `${accepted} 0x00` : accepted);
      expect(read.map(({ reason }) => reason)).toEqual(['not for us', expect.stringMatching(/cannot be decoded/)]);
    });

    it('is not sent for what the handler withholds', async () => {
      const session = durable(broker.connection);
      const { runs, controller } = jobs();
      const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      const letters = await subscribeMqttJs(peer, 'dead/letters', { qos: 2 });
      await peer.publishAsync('dead-letter/withholds', 'mine', { qos });
      await runs.atLeast(1);
      await app.close();
      const [again] = await resumeSession(session).atLeast(1);
      expect(again!.payload.toString()).toBe('mine');
      await peer.publishAsync('dead/letters', 'end', { qos: 1 });
      expect((await letters.atLeast(1)).map(({ payload }) => payload.toString())).toEqual(['end']);
    });
  });

  it('has a reason of one line, without characters that brokers end the connection over', async () => {
    const { controller } = jobs();
    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    const letters = await subscribeMqttJs(peer, 'dead/letters', { qos: 2 });
    await peer.publishAsync('dead-letter/explains', 'x', { qos: 1 });
    const [letter] = await letters.atLeast(1);
    expect(letterIn(letter!).reason).toBe('line 1 line 2  ');
  });

  it('of a QoS 0 message goes at QoS 0', async () => {
    const { controller } = jobs();
    await startServer(broker.connection, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    const letters = await subscribeMqttJs(peer, 'dead/letters', { qos: 2 });
    await peer.publishAsync('dead-letter/fails', 'gone', { qos: 0 });
    const [letter] = await letters.atLeast(1);
    expect(letter).toMatchObject({ qos: 0 });
    expect(letterIn(letter!).payload.toString()).toBe('gone');
  });
});

describe.each([1, 2] as const)('a dead letter that the broker does not take, QoS %i', (qos) => {
  it('leaves the message with the broker: refused (5.0)', async () => {
    const { broker, url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    const session = durable(tap.connection);
    const { runs, controller } = jobs();
    const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
    broker.faults.refusePublishes('dead/letters', 0x97);
    broker.publish({ topic: 'dead-letter/fails', payload: 'kept', qos });
    broker.publish({ topic: 'dead-letter/end', payload: 'end', qos });
    await acknowledged(tap, 'end');
    expect(acknowledgementsOf(tap, 'dead-letter/fails')).toEqual([]);
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(
        /failed on "dead-letter\/fails" after 3 attempts: RpcException: sensor out of range\. The message goes/,
      ),
      expect.stringMatching(/"dead-letter\/fails" is withheld: its dead letter to "dead\/letters" failed/),
    ]);
    await app.close();
    expect(runs.entries.filter((name) => name === 'kept')).toHaveLength(3);
    const [again] = await resumeSession({ ...session, url }).atLeast(1);
    expect(again!.payload.toString()).toBe('kept');
  });

  it('leaves the message with the broker: larger than it takes (5.0)', async () => {
    const { broker, url } = await startInProcessBroker({ maximumPacketSize: 2_000 });
    const tap = await tapWire(connectionTo(url));
    const { controller } = jobs();
    await startServer({ ...durable(tap.connection), subscribeOptions: { qos } }, { controllers: [controller] });
    broker.publish({ topic: 'dead-letter/fails', payload: 'x'.repeat(3_000), qos });
    broker.publish({ topic: 'dead-letter/end', payload: 'end', qos });
    await acknowledged(tap, 'end');
    expect(acknowledgementsOf(tap, 'dead-letter/fails')).toEqual([]);
    expect(tap.sent('client', 'publish')).toEqual([]);
  });

  it('is sent again when the broker ends the connection over it, until it is taken (3.1.1)', async () => {
    const { broker, url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url, 4));
    const { runs, controller } = jobs();
    await startServer({ ...durable(tap.connection), subscribeOptions: { qos } }, { controllers: [controller] });
    const allow = broker.faults.refusePublishes('dead/letters', 0x97);
    broker.publish({ topic: 'dead-letter/fails', payload: 'kept', qos });
    await broker.waitFor('disconnect');
    expect(acknowledgementsOf(tap, 'dead-letter/fails')).toEqual([]);
    allow();
    await acknowledged(tap, 'kept');
    expect(runs.entries).toEqual(['kept', 'kept', 'kept']); // its attempts, on one connection: adopted on the next
  });
});
