import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { AckPolicy, MqttSubscription } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf, tellingOfRejects } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

const { ACK, ACK_FIRST, REJECT_ON_ERROR } = AckPolicy;

function fail(): never {
  throw new RpcException('refused');
}

describeEachBroker('the ack policy', (broker) => {
  const v5 = broker.protocolVersion === 5;

  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    const packet = qos === 1 ? 'PUBACK' : 'PUBREC';

    it('ACK_FIRST acknowledges while the handler still runs, ACK when it has ended', async () => {
      const runs = new HeldRuns<string>();

      @Controller()
      class Jobs {
        @EventPattern<string>('policies/first', { ackPolicy: ACK_FIRST })
        async first(@Payload() name: string): Promise<void> {
          await runs.hold(name);
        }

        @EventPattern<string>('policies/after', { ackPolicy: ACK })
        async after(@Payload() name: string): Promise<void> {
          await runs.hold(name);
        }
      }
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Jobs] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('policies/first', 'first', { qos });
      await acknowledged(tap, 'first');
      expect([runs.started.entries, runs.ended.entries]).toEqual([['first'], []]);
      await peer.publishAsync('policies/after', 'after', { qos });
      await runs.started.atLeast(2);
      expect(acknowledgementsOf(tap, 'policies/after')).toEqual([]);
      runs.release('after');
      await acknowledged(tap, 'after');
      expect(runs.ended.entries).toEqual(['after']);
      runs.releaseAll();
    });

    it('ACK_FIRST of a message that waits for a worker waits too: what has not started stays with the broker', async () => {
      const runs = new HeldRuns<string>();

      @Controller()
      class Jobs {
        @EventPattern<string>('policies/one', { ackPolicy: ACK_FIRST, maxWorkers: 1 })
        async one(@Payload() name: string): Promise<void> {
          await runs.hold(name);
        }
      }
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Jobs] });
      const peer = await connectMqttJs(broker);
      for (const name of ['a', 'b']) await peer.publishAsync('policies/one', name, { qos });
      await acknowledged(tap, 'a');
      await tap.packets.until(() => tap.sent('broker', 'publish').length === 2, 'both');
      expect(runs.started.entries).toEqual(['a']);
      expect(acknowledgementsOf(tap, 'policies/one').filter((words) => words.startsWith(packet))).toHaveLength(1);
      runs.release('a');
      await acknowledged(tap, 'b');
      expect(runs.started.entries).toEqual(['a', 'b']);
      runs.releaseAll();
    });

    it('of the handler wins over that of its controller, and that over the server: option by option', async () => {
      @Controller()
      class FromServer {
        @EventPattern<string>('policies/server')
        job(): void {
          fail();
        }
      }

      @Controller()
      @MqttSubscription({ ackPolicy: ACK })
      class FromController {
        @EventPattern<string>('policies/controller')
        job(): void {
          fail();
        }

        @MqttSubscription({ ackPolicy: REJECT_ON_ERROR })
        @EventPattern<string>('policies/method')
        method(): void {
          fail();
        }

        @EventPattern<string>('policies/extras', { ackPolicy: REJECT_ON_ERROR, rejectReasonCode: 0x99 })
        extras(): void {
          fail();
        }
      }
      const tap = await tapWire(broker.connection);
      const subscribeOptions = { qos, ackPolicy: REJECT_ON_ERROR, rejectReasonCode: 0x97 };
      await startServer(
        { ...tellingOfRejects(tap.connection), subscribeOptions },
        { controllers: [FromServer, FromController] },
      );
      const peer = await connectMqttJs(broker);
      for (const name of ['server', 'controller', 'method', 'extras'])
        await peer.publishAsync(`policies/${name}`, name, { qos });
      await acknowledged(tap, 'extras');
      const answers = ['server', 'controller', 'method', 'extras'].map(
        (name) => acknowledgementsOf(tap, `policies/${name}`)[0],
      );
      expect(answers).toEqual(
        v5
          ? [`${packet} 0x97 "refused"`, `${packet} 0x00`, `${packet} 0x97 "refused"`, `${packet} 0x99 "refused"`]
          : [packet, packet, packet, packet],
      );
    });
  });
});
