import { Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ServerMqtt } from '../../lib/index.js';
import { leftoversOf } from '../integration/durability/leftovers.js';
import { AcknowledgementWatch } from './acknowledgement-watch.js';
import { Deliveries } from './deliveries.js';
import { durableOptions } from './durable-options.js';
import type { Incidents } from './incidents.js';
import type { Ledger, PerQoS } from './ledger.js';
import { qosOf } from './messages.js';
import type { MortalBroker } from './mortal-broker.js';
import { workOn } from './work.js';

const CLIENT_ID = 'worker';
/** It has one. */
const LIFE = 0;

/** A worker that lives on while its brokers are killed, in this process. */
export class ResidentWorker {
  private readonly watch: AcknowledgementWatch | undefined;
  private readonly deliveries: Deliveries;

  private constructor(
    private readonly broker: MortalBroker,
    private readonly server: ServerMqtt,
    private readonly app: INestMicroservice,
    private readonly ledger: Ledger,
    private readonly incidents: Incidents,
  ) {
    this.deliveries = new Deliveries(server);
    this.watch = broker.inProcess && new AcknowledgementWatch(broker.inProcess, CLIENT_ID, this.onAcknowledged);
  }

  static async start(
    broker: MortalBroker,
    protocolVersion: 4 | 5,
    ledger: Ledger,
    incidents: Incidents,
  ): Promise<ResidentWorker> {
    const work = workOn({
      begin: (topic, n) => ledger.begin(topic, n, LIFE),
      end: (topic, n) => ledger.end(topic, n),
    });
    class KillsModule {}
    Module({ controllers: [work] })(KillsModule);
    const server = new ServerMqtt(durableOptions(broker.url, protocolVersion, CLIENT_ID));
    const app = await NestFactory.createMicroservice(KillsModule, { strategy: server });
    await app.listen();
    return new ResidentWorker(broker, server, app, ledger, incidents);
  }

  /** Whether it is connected, and subscribed in the present session. */
  get isBack(): boolean {
    const health = this.server.health();
    return health?.connected === true && health.subscriptions.granted === health.subscriptions.wanted;
  }

  /** Messages without an effect: lost, or never delivered by a broker that did not keep them. */
  missing(): { lost: number; lostByBroker: number } {
    const missing = this.ledger.withoutEffect();
    const lost = missing.filter(({ topic, n }) => this.broker.inProcess || this.deliveries.countOf(topic, n) > 0);
    return { lost: lost.length, lostByBroker: missing.length - lost.length };
  }

  /** Messages that were handled out of order, and those that came to the worker so. */
  order(): { outOfOrder: PerQoS; lateByBroker: number } {
    const { broker, deliveries, ledger } = this;
    if (broker.inProcess) return { outOfOrder: ledger.outOfOrder(), lateByBroker: 0 };
    const outOfOrder = ledger.outOfOrder((topic, n) => deliveries.isLate(topic, n));
    return { outOfOrder, lateByBroker: deliveries.lateCount };
  }

  /** Handlings again: all at QoS 2 where the session is kept, and else those beyond what the broker has delivered. */
  unfounded(): PerQoS {
    const unfounded = { 1: 0, 2: 0 };
    for (const { topic, n, times } of this.ledger.handlings()) {
      const qos = qosOf(topic);
      const founded = qos === 2 && this.broker.inProcess ? 1 : this.deliveries.countOf(topic, n);
      unfounded[qos] += Math.max(0, times - founded);
    }
    return unfounded;
  }

  async close(): Promise<void> {
    const { broker, incidents, server } = this;
    const { inProcess } = broker;
    if (inProcess) {
      const leftovers = (): string => JSON.stringify(leftoversOf(server, inProcess, CLIENT_ID));
      await incidents.expect(() => leftovers() === '{}', 'nothing is left over');
      if (leftovers() !== '{}') incidents.add(`left over: ${leftovers()}`);
    }
    incidents.add(...(this.watch?.problems ?? []));
    await incidents.end(this.app.close(), 'the worker to close');
  }

  private readonly onAcknowledged = (topic: string, n: number): void => {
    if (!this.ledger.hasEffect(topic, n)) this.incidents.add(`${topic} ${n} was acknowledged before its effect`);
  };
}
