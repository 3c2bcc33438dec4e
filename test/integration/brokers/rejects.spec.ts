import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  AckPolicy,
  jsonCodec,
  MqttSubscription,
  RejectMessage,
  type MqttContext,
  type MqttServerOptions,
} from '../../../lib/index.js';
import { acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto, type TestConnection } from '../../support/test-broker.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { tapWire } from '../../support/wire-tap.js';

const REJECTS = 20;
/** Less than the rejects: a slot that is lost with each of them would be missed. */
const RECEIVE_MAXIMUM = 4;
const TOO_LARGE = 'x'.repeat(2_000);

/** Handlers that reject what they get, each in its own way. @param taken what is not rejected */
function rejecting(taken: Journal<string>): new () => object {
  @Controller()
  @MqttSubscription({ qos: 2, ackPolicy: AckPolicy.REJECT_ON_ERROR })
  class Rejecting {
    @EventPattern<string>('rejects/throws')
    throws(): void {
      throw new Error('boom');
    }

    @EventPattern<string>('rejects/calls')
    calls(@Ctx() context: MqttContext): void {
      context.reject(0x99, 'no such device');
    }

    @EventPattern<string>('rejects/exception')
    exception(): void {
      throw new RejectMessage('not yours', 0x87);
    }

    @EventPattern<string>('rejects/undecodable', { codec: jsonCodec })
    undecodable(): void {}

    @EventPattern<string>('rejects/large')
    large(): void {}

    @EventPattern<string>('rejects/several')
    one(): void {}

    @EventPattern<string>('rejects/several')
    other(): void {
      throw new Error('boom');
    }

    @EventPattern<string>('rejects/taken')
    taken(@Payload() data: unknown): void {
      taken.add(String(data));
    }
  }
  return Rejecting;
}

const WAYS = ['throws', 'calls', 'exception', 'undecodable', 'large', 'several'] as const;

function startRejecting(connection: TestConnection, taken: Journal<string>, options: MqttServerOptions = {}) {
  return startServer(
    { ...connection, maxConcurrency: RECEIVE_MAXIMUM, maxPayloadBytes: 1_000, ...options },
    { controllers: [rejecting(taken)] },
  );
}

async function publishAll(connection: TestConnection, way: (typeof WAYS)[number], qos: 1 | 2): Promise<void> {
  const peer = await connectMqttJs(connection);
  const payload = way === 'large' ? TOO_LARGE : way === 'undecodable' ? '{' : '1';
  for (let i = 0; i < REJECTS; i++) await peer.publishAsync(`rejects/${way}`, payload, { qos });
  for (const at of [1, 2] as const) await peer.publishAsync('rejects/taken', `QoS ${at}`, { qos: at });
}

describeEachBroker(
  'fault 1: more rejects than the Receive Maximum',
  (broker) => {
    it.each(WAYS.flatMap((way) => [[way, 2] as const, [way, 1] as const]))(
      '%s at QoS %i: the server hears what comes after them',
      async (way, qos) => {
        const taken = new Journal<string>();
        const tap = await tapWire(broker.connection);
        await startRejecting(tap.connection, taken);
        await publishAll(broker.connection, way, qos);
        expect((await taken.atLeast(2)).toSorted()).toEqual(['QoS 1', 'QoS 2']);
        const last = qos === 1 ? 'PUBACK' : 'PUBCOMP';
        const words = (): string[] => acknowledgementsOf(tap, `rejects/${way}`);
        await tap.packets.until(
          () => words().filter((word) => word.startsWith(last)).length === REJECTS,
          `the last ${last} of every exchange`,
        );
        const told = qos === 1 && broker.protocolVersion === 5;
        expect(words().filter((word) => /0x[89]/.test(word))).toHaveLength(told ? REJECTS : 0);
      },
    );

    it.each([
      ['calls', 'no such device'],
      ['exception', 'not yours'],
    ] as const)('%s at QoS 2: the log is told, for the broker is not', async (way, reason) => {
      const taken = new Journal<string>();
      await startRejecting(broker.connection, taken);
      await publishAll(broker.connection, way, 2);
      await taken.atLeast(2);
      const lines = transportLogs('warn').filter((line) => line.includes('has rejected a message'));
      expect(lines).toHaveLength(REJECTS);
      expect(lines[0]).toContain(
        `Handler "rejects/${way}" (Rejecting.${way}()) has rejected a message on "rejects/${way}": ${reason}`,
      );
    });
  },
  {
    inProcess: (['mosquitto', 'hivemq', 'artemis', 'mochi'] as const).map((behavesLike) => ({ behavesLike })),
  },
);

describe("negativeAcknowledgements: 'all'", () => {
  const options: MqttServerOptions = { negativeAcknowledgements: 'all' };

  it('refuses at QoS 2 by PUBREC, which ends the exchange and gives the send quota back (section 4.9)', async () => {
    const { url } = await startInProcessBroker();
    const taken = new Journal<string>();
    const tap = await tapWire(connectionTo(url));
    await startRejecting(tap.connection, taken, options);
    await publishAll(connectionTo(url), 'calls', 2);
    await taken.atLeast(2);
    const words = acknowledgementsOf(tap, 'rejects/calls');
    expect(words).toEqual(Array.from({ length: REJECTS }, () => 'PUBREC 0x99 "no such device"'));
    expect(transportLogs('warn')).toEqual([]);
  });

  // what the option's documentation warns of, and why it is not the default
  const deliveredAfterRefusals = async (connection: TestConnection): Promise<string[]> => {
    const taken = new Journal<string>();
    const tap = await tapWire(connection);
    const { server } = await startRejecting(tap.connection, taken, options);
    const peer = await connectMqttJs(connection);
    const refusals = (): string[] => acknowledgementsOf(tap, 'rejects/throws');
    // one after another: Mosquitto goes on as long as a message waits when one is refused
    for (let i = 1; i <= RECEIVE_MAXIMUM; i++) {
      await peer.publishAsync('rejects/throws', '1', { qos: 2 });
      await tap.packets.until(() => refusals().length === i, `refusal ${i}`);
      await server.ping(10_000); // the broker has it
    }
    await publishAll(connection, 'throws', 2);
    await server.ping(10_000);
    return [...refusals().slice(RECEIVE_MAXIMUM), ...taken.entries];
  };

  it.each(['mosquitto', 'hivemq', 'artemis', 'mochi'] as const)(
    'has a broker like %s, which keeps the send quota, deliver nothing more',
    async (behavesLike) => {
      const { url } = await startInProcessBroker({ behavesLike });
      expect(await deliveredAfterRefusals(connectionTo(url))).toEqual([]);
    },
  );

  describeWhereInstalled(['mosquitto'], 'on Mosquitto', () => {
    it('has it deliver nothing more', async () => {
      const { url } = await startMosquitto();
      expect(await deliveredAfterRefusals(connectionTo(url))).toEqual([]);
    });
  });
});

describe("negativeAcknowledgements: 'none'", () => {
  it('suits a broker like Azure Event Grid, which ends the connection over a refusing PUBACK', async () => {
    const { broker, url } = await startInProcessBroker({ behavesLike: 'azure-event-grid' });
    const ends = new Journal<unknown>();
    broker.on('disconnect', ends.add);
    const taken = new Journal<string>();
    const peer = await connectMqttJs(connectionTo(url), { clientId: 'device' });
    const connection = { ...connectionTo(url), clientId: 'server' };
    await startRejecting(connection, taken, { negativeAcknowledgements: 'none', subscribeOptions: { qos: 1 } });
    for (let i = 0; i < REJECTS; i++) await peer.publishAsync('rejects/calls', '1', { qos: 1 });
    await peer.publishAsync('rejects/taken', 'last', { qos: 1 });
    expect(await taken.atLeast(1)).toEqual(['last']);
    expect(ends.entries).toEqual([]);
    expect(transportLogs('warn').filter((line) => line.includes('has rejected a message'))).toHaveLength(REJECTS);
  });

  it('is not the default: such a broker ends the connection', async () => {
    const { broker, url } = await startInProcessBroker({ behavesLike: 'azure-event-grid' });
    const ended = broker.waitFor('disconnect', ({ clientId }) => clientId === 'server');
    const peer = await connectMqttJs(connectionTo(url), { clientId: 'device' });
    await startRejecting({ ...connectionTo(url), clientId: 'server' } as TestConnection, new Journal());
    await peer.publishAsync('rejects/calls', '1', { qos: 1 });
    expect(await ended).toMatchObject({ by: 'broker', reasonCode: 0x83 });
  });
});
