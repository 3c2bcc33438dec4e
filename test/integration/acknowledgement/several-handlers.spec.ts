import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MqttContext } from '../../../lib/index.js';
import {
  acknowledged,
  acknowledgedPayloads,
  acknowledgementsOf,
  tellingOfRejects,
} from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

type Decision = 'ack' | 'nack' | 'reject';

const TOPIC = 'several/jobs';

/** Three controllers whose handlers all run for each message. */
function three(pattern: string): {
  runs: HeldRuns<string>;
  decisions: Map<string, Decision>;
  controllers: (new () => object)[];
} {
  const runs = new HeldRuns<string>();
  const decisions = new Map<string, Decision>();
  const handle = async (who: string, context: MqttContext): Promise<void> => {
    await runs.hold(who);
    context[decisions.get(who) ?? 'ack']();
    context.nack(); // each handler has one vote: its first
  };

  @Controller()
  class First {
    @EventPattern<string>('several/jobs')
    async job(@Payload() _name: string, @Ctx() context: MqttContext): Promise<void> {
      await handle('first', context);
    }
  }

  @Controller()
  class Second {
    @EventPattern<string>('several/jobs')
    async job(@Payload() _name: string, @Ctx() context: MqttContext): Promise<void> {
      await handle('second', context);
    }
  }

  @Controller()
  class Third {
    @EventPattern<string>(pattern)
    async job(@Payload() _name: string, @Ctx() context: MqttContext): Promise<void> {
      if (context.getTopic() === TOPIC) await handle('third', context);
    }

    @EventPattern<string>('fence')
    fence(): void {}
  }

  return { runs, decisions, controllers: [First, Second, Third] };
}

const WORDS: Record<Decision, { 4: Record<1 | 2, string[]>; 5: Record<1 | 2, string[]> }> = {
  ack: {
    5: { 1: ['PUBACK 0x00'], 2: ['PUBREC 0x00', 'PUBCOMP 0x00'] },
    4: { 1: ['PUBACK'], 2: ['PUBREC', 'PUBCOMP'] },
  },
  reject: { 5: { 1: ['PUBACK 0x83'], 2: ['PUBREC 0x83'] }, 4: { 1: ['PUBACK'], 2: ['PUBREC', 'PUBCOMP'] } },
  nack: { 5: { 1: [], 2: [] }, 4: { 1: [], 2: [] } },
};

describeEachBroker('a message with several handlers', (broker) => {
  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    it.each<{ decide: [Decision, Decision, Decision]; settled: Decision }>([
      { decide: ['ack', 'ack', 'ack'], settled: 'ack' },
      { decide: ['ack', 'reject', 'ack'], settled: 'reject' },
      { decide: ['reject', 'ack', 'ack'], settled: 'reject' },
      { decide: ['ack', 'reject', 'nack'], settled: 'nack' },
      { decide: ['nack', 'ack', 'reject'], settled: 'nack' },
    ])('that decide $decide is settled by $settled: once, when all have decided', async ({ decide, settled }) => {
      const tap = await tapWire(broker.connection);
      const { runs, decisions, controllers } = three(TOPIC); // Nest chains the handlers of one pattern
      await startServer({ ...tellingOfRejects(tap.connection), subscribeOptions: { qos: 2 } }, { controllers });
      const peer = await connectMqttJs(broker);
      const names = ['first', 'second', 'third'];
      names.forEach((name, i) => decisions.set(name, decide[i]!));
      await peer.publishAsync(TOPIC, 'job', { qos });
      await runs.started.atLeast(3);
      for (const [i, name] of names.entries()) {
        expect(acknowledgedPayloads(tap)).toEqual([]);
        runs.release(name);
        await runs.ended.atLeast(i + 1);
      }
      await peer.publishAsync('fence', 'end', { qos });
      await acknowledged(tap, 'end');
      if (qos === 2) await tap.packets.until(() => acknowledgementsOf(tap, 'fence').length === 2, 'the end of the end');
      expect(acknowledgementsOf(tap, TOPIC)).toEqual(WORDS[settled][broker.protocolVersion][qos]);
      expect(runs.started.entries.toSorted()).toEqual(names); // each once
    });

    it('and overlapping filters: each copy that the broker sends is settled by the handlers that ran for it', async () => {
      const tap = await tapWire(broker.connection);
      const { runs, decisions, controllers } = three('several/+');
      await startServer({ ...tellingOfRejects(tap.connection), subscribeOptions: { qos: 2 } }, { controllers });
      const peer = await connectMqttJs(broker);
      decisions.set('third', 'reject');
      await peer.publishAsync(TOPIC, 'job', { qos });
      await runs.started.atLeast(3);
      runs.releaseAll();
      await peer.publishAsync('fence', 'end', { qos });
      await acknowledged(tap, 'end');
      const copies = tap.sent('broker', 'publish').filter(({ topic }) => topic === TOPIC).length;
      const refusal = WORDS.reject[broker.protocolVersion][qos][0];
      const acceptance = WORDS.ack[broker.protocolVersion][qos][0];
      const answers = acknowledgementsOf(tap, TOPIC).filter((words) => !words.startsWith('PUBCOMP'));
      expect(answers.toSorted()).toEqual(copies === 1 ? [refusal] : [acceptance, refusal]); // Mosquitto sends two on 5.0
      expect(runs.started.entries.toSorted()).toEqual(['first', 'second', 'third']);
    });
  });
});
