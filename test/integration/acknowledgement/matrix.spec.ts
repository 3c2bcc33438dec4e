import { beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern } from '@nestjs/microservices';
import { AckPolicy, type MqttContext } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { logs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';
import { HANDLER_TIMEOUT, OUTCOMES, type Fate, type Outcome } from './outcomes.js';

type QoS = 0 | 1 | 2;

const { ACK, ACK_FIRST, REJECT_ON_ERROR, NACK_ON_ERROR, MANUAL } = AckPolicy;
/** Columns of the table of outcomes. */
const POLICIES = [ACK, ACK_FIRST, REJECT_ON_ERROR, NACK_ON_ERROR, MANUAL];

const CASES = POLICIES.flatMap((policy, column) =>
  OUTCOMES.map((outcome) => ({ policy, outcome, fate: outcome.fates[column]!, topic: topicOf(policy, outcome) })),
);

/**
 * What the broker gets about a message. At QoS 2 a refusal completes the exchange, see test/integration/brokers; on 3.1.1 there are
 * no reason codes, and it is a plain acknowledgement.
 */
const PACKETS: Record<4 | 5, Record<QoS, (fate: Fate) => string[]>> = {
  5: {
    0: () => [],
    1: (fate) => (fate === 'ack' ? ['PUBACK 0x00'] : isRefusal(fate) ? [`PUBACK ${fate}`] : []),
    2: (fate) => (fate === 'ack' || isRefusal(fate) ? ['PUBREC 0x00', 'PUBCOMP 0x00'] : []),
  },
  4: {
    0: () => [],
    1: (fate) => (fate === 'ack' || isRefusal(fate) ? ['PUBACK'] : []),
    2: (fate) => (fate === 'ack' || isRefusal(fate) ? ['PUBREC', 'PUBCOMP'] : []),
  },
};

/** What was seen of a server that got the message of each case once, all on one connection. */
interface Observed {
  /** By topic. */
  readonly packets: Map<string, string[]>;
  /** Topics of messages that the broker delivered again when the session was resumed. */
  readonly redelivered: Set<string>;
  readonly errors: string[];
  readonly warnings: string[];
}

describeEachBroker(
  'the acknowledgement of a message',
  (broker) => {
    describe.each([1, 2, 0] as const)('at QoS %i', (qos) => {
      let observed: Observed;

      beforeAll(async () => {
        observed = await observe(broker, qos);
      });

      it.each(OUTCOMES)('whose handler $name', (outcome) => {
        expect(byPolicy(outcome, (topic) => observed.packets.get(topic))).toEqual(
          byPolicy(outcome, (_topic, fate) => PACKETS[broker.protocolVersion][qos](fate)),
        );
        // the broker's own account of it
        expect(byPolicy(outcome, (topic) => observed.redelivered.has(topic))).toEqual(
          byPolicy(outcome, (_topic, fate) => qos > 0 && (fate === 'nothing' || fate === 'open')),
        );
      });

      it('failures are logged once each; exceptions that decide are not', () => {
        const expected = CASES.flatMap(({ outcome: { logged } }) => (logged === undefined ? [] : [logged]));
        for (const text of new Set(expected)) {
          const lines = observed.errors.filter((line) => line.includes(text));
          expect([text, lines.length]).toEqual([text, expected.filter((other) => other === text).length]);
        }
        expect(observed.errors).toHaveLength(expected.length);
      });

      it('MANUAL warns about each handler that ends without deciding', () => {
        const undecided = CASES.filter(({ policy, outcome }) => policy === MANUAL && leavesUndecided(outcome));
        const warned = observed.warnings.filter((line) => line.includes('ended without ack()'));
        expect(warned).toHaveLength(qos === 0 ? 0 : undecided.length);
        for (const { topic } of qos === 0 ? [] : undecided)
          expect(warned).toContainEqual(expect.stringContaining(`Handler "${topic}"`));
      });
    });
  },
  { mosquitto: { config: ['max_inflight_messages 0'] } }, // room for all that are withheld
);

/** Sends the message of each case to one server, closes it, and looks what the broker still has for it. */
async function observe(broker: BrokerUnderTest, qos: QoS): Promise<Observed> {
  logs.clear();
  const tap = await tapWire(broker.connection);
  const session = durable(tap.connection);
  const { app } = await startServer(
    { ...session, handlerTimeout: HANDLER_TIMEOUT, gracefulTimeout: 10_000, subscribeOptions: { qos: 2 } },
    { controllers: [Fence, ...CASES.map(controllerOf)] },
  );
  const peer = await connectMqttJs(broker);
  const publish = async ({ topic, outcome }: (typeof CASES)[number]): Promise<unknown> =>
    peer.publishAsync(topic, outcome.payload ?? '1', { qos });

  for (const one of CASES) if (one.fate !== 'open') await publish(one);
  await peer.publishAsync('matrix/fence', 'all decided', { qos: qos || 1 });
  await acknowledged(tap, 'all decided'); // what was withheld does not hold it up
  for (const one of CASES) if (one.fate === 'open') await publish(one);
  await peer.publishAsync('matrix/fence', 'the rest has arrived', { qos: qos === 1 ? 2 : 1 }); // what is open holds up its QoS only
  await acknowledged(tap, 'the rest has arrived');
  await app.close();

  const packets = new Map(CASES.map(({ topic }) => [topic, acknowledgementsOf(tap, topic).map(withoutTopic(topic))]));
  const [errors, warnings] = (['error', 'warn'] as const).map((level) =>
    logs.entries.filter((line) => line.level === level).map(({ message }) => message),
  );
  const again = resumeSession({ ...session, url: broker.url });
  await peer.publishAsync('matrix/fence', 'end', { qos: 1 });
  await again.first(({ payload }) => payload.toString() === 'end');
  return {
    packets,
    redelivered: new Set(again.entries.map(({ topic }) => topic)),
    errors: errors!,
    warnings: warnings!,
  };
}

@Controller()
class Fence {
  @EventPattern<string>('matrix/fence')
  fence(): void {}
}

function controllerOf({ policy, outcome, topic }: (typeof CASES)[number]): new () => object {
  const { handle, around = () => {}, extras } = outcome;

  @Controller()
  class Case {
    @around
    @EventPattern<string>(topic, { ackPolicy: policy, ...extras })
    handle(@Ctx() context: MqttContext): unknown {
      return handle?.(context);
    }
  }
  return Case;
}

function topicOf(policy: AckPolicy, { name }: Outcome): string {
  return `matrix/${policy}/${name}`;
}

function byPolicy<T>(outcome: Outcome, of: (topic: string, fate: Fate) => T): Record<string, T> {
  return Object.fromEntries(
    POLICIES.map((policy, column) => [policy, of(topicOf(policy, outcome), outcome.fates[column]!)]),
  );
}

function isRefusal(fate: Fate): boolean {
  return fate.startsWith('0x');
}

/** Whether neither the handler nor an exception says what is to become of the message. */
function leavesUndecided({ fates, name }: Outcome): boolean {
  const [, , , , manual] = fates;
  return manual === 'open' || (manual === 'nothing' && !/nack/.test(name));
}

function withoutTopic(topic: string): (words: string) => string {
  return (words) => words.replaceAll(topic, '*');
}
