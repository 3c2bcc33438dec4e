import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { NEVER } from 'rxjs';
import { AckPolicy, type MqttContext } from '../../../lib/index.js';
import {
  acknowledged,
  acknowledgedPayloads,
  acknowledgementsOf,
  tellingOfRejects,
} from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

/** Handlers that hang, that leave the decision open, and one that ends at once. */
function jobs(): { contexts: Journal<MqttContext>; ended: Journal<string>; controller: new () => object } {
  const contexts = new Journal<MqttContext>();
  const ended = new Journal<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('undecided/hangs', { ackPolicy: AckPolicy.REJECT_ON_ERROR })
    hangs(@Ctx() context: MqttContext): unknown {
      contexts.add(context);
      return NEVER;
    }

    @EventPattern<string>('undecided/manual', { ackPolicy: AckPolicy.MANUAL })
    manual(@Ctx() context: MqttContext): void {
      contexts.add(context);
    }

    @EventPattern<string>('undecided/ends')
    ends(@Payload() name: string): void {
      ended.add(name);
    }
  }

  return { contexts, ended, controller: Jobs };
}

const packet = { 1: 'PUBACK', 2: 'PUBREC' };

describeEachBroker('what nobody has decided', (broker) => {
  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    const accepted = (): string => (broker.protocolVersion === 5 ? `${packet[qos]} 0x00` : packet[qos]);

    it('holds up what is behind it, until handlerTimeout makes a failure of it', async () => {
      const tap = await tapWire(broker.connection);
      const { contexts, controller } = jobs();
      await startServer(
        { ...tellingOfRejects(tap.connection), handlerTimeout: 100, subscribeOptions: { qos } },
        { controllers: [controller] },
      );
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('undecided/hangs', 'hangs', { qos });
      await peer.publishAsync('undecided/ends', 'behind it', { qos });
      await acknowledged(tap, 'behind it');
      expect(acknowledgedPayloads(tap)).toEqual(['hangs', 'behind it']);
      const refused = `${packet[qos]} 0x83 "The handler did not end within 100 ms."`;
      expect(acknowledgementsOf(tap, 'undecided/hangs')[0]).toBe(broker.protocolVersion === 5 ? refused : packet[qos]);
      contexts.entries[0]!.nack(); // too late: it is decided
      await peer.publishAsync('undecided/ends', 'end', { qos });
      await acknowledged(tap, 'end');
      expect(transportLogs('error')).toEqual([expect.stringContaining('did not end within 100 ms')]);
    });

    it('under MANUAL may be decided after the handler has ended; that it was left open is said once per handler', async () => {
      const tap = await tapWire(broker.connection);
      const { contexts, ended, controller } = jobs();
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      for (const name of ['a', 'b', 'c']) await peer.publishAsync('undecided/manual', name, { qos });
      await peer.publishAsync('undecided/ends', 'behind them', { qos });
      await ended.atLeast(1);
      const [a, b, c] = contexts.entries;
      b!.ack();
      c!.nack();
      c!.ack(); // the first decision counts
      expect(acknowledgedPayloads(tap)).toEqual([]);
      a!.ack();
      await acknowledged(tap, 'behind them');
      expect(acknowledgedPayloads(tap)).toEqual(['a', 'b', 'behind them']);
      expect(acknowledgementsOf(tap, 'undecided/manual')).toContain(accepted());
      expect(transportLogs('warn').filter((line) => line.includes('AckPolicy.MANUAL'))).toEqual([
        expect.stringMatching(/"undecided\/manual".*without ack\(\), nack\(\) or reject\(\)/),
      ]);
    });
  });
});
