import type { MqttBroker } from 'nestjs-mqtt-transport/testing';

const TIMEOUT = { timeoutMs: 30_000 };

/** Counts the service's messages on the plant's broker. */
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

  /** Messages that are delivered but not acknowledged. */
  get inFlight(): number {
    return this.plant.session(this.clientId)?.inFlight ?? 0;
  }

  /** Messages in flight and messages that are not delivered yet. */
  get waiting(): number {
    return this.inFlight + (this.plant.session(this.clientId)?.queued ?? 0);
  }

  /** Resolves when the service has acknowledged `count` more messages. */
  async takes(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    while (this.acknowledged < goal) await this.plant.waitFor('acknowledge', undefined, TIMEOUT);
  }

  /** Resolves when `count` messages are in flight. */
  async isBusyWith(count: number): Promise<void> {
    while (this.inFlight < count) await this.plant.waitFor('deliver', undefined, TIMEOUT);
  }

  /** Resolves when no message waits. */
  async isEmpty(): Promise<void> {
    while (this.waiting > 0) await this.plant.waitFor('acknowledge', undefined, TIMEOUT);
  }
}
