import type { MqttBroker } from 'nestjs-mqtt-transport/testing';

const PATIENCE = { timeoutMs: 30_000 };

/** What the plant's broker knows of the service: what waits for it, and what it has taken. */
export class ServiceQueue {
  delivered = 0;
  acknowledged = 0;

  /** @param clientId Client Identifier of the service's server: `clientId` of its module, and its role */
  constructor(
    private readonly plant: MqttBroker,
    private readonly clientId: string,
  ) {
    plant.on('deliver', (event) => void (this.delivered += Number(event.clientId === clientId)));
    plant.on('acknowledge', (event) => void (this.acknowledged += Number(event.clientId === clientId)));
  }

  /** Messages that are delivered and not acknowledged. */
  get underWay(): number {
    return this.plant.session(this.clientId)?.inFlight ?? 0;
  }

  /** The same, and those that are not delivered yet. */
  get waiting(): number {
    return this.underWay + (this.plant.session(this.clientId)?.queued ?? 0);
  }

  /** Resolves when the service has acknowledged so many more. */
  async takes(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    while (this.acknowledged < goal) await this.plant.waitFor('acknowledge', undefined, PATIENCE);
  }

  /** Resolves when so many are under way at once. */
  async isBusyWith(count: number): Promise<void> {
    while (this.underWay < count) await this.plant.waitFor('deliver', undefined, PATIENCE);
  }

  /** Resolves when nothing waits. */
  async isEmpty(): Promise<void> {
    while (this.waiting > 0) await this.plant.waitFor('acknowledge', undefined, PATIENCE);
  }
}
