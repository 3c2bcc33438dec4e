import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { AckPolicy, MqttSubscription } from 'nestjs-mqtt-transport';
import { PostgresDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { Pool } from 'pg';
import type { OrderPlaced } from './orders.service.js';

/** The consumer: it bills each order exactly once, even if the event is delivered several times. */
@Controller()
export class BillingController {
  /** Number of deliveries. */
  deliveries = 0;
  private readonly store: PostgresDeduplicationStore;

  constructor(private readonly pool: Pool) {
    this.store = new PostgresDeduplicationStore(pool);
  }

  @MqttSubscription({ qos: 1, ackPolicy: AckPolicy.NACK_ON_ERROR, maxWorkers: 3 })
  @EventPattern('orders/+/placed')
  async bill(@Payload() { id }: OrderPlaced): Promise<void> {
    this.deliveries++;
    const transaction = await this.pool.connect();
    try {
      await transaction.query('BEGIN');
      await this.store.once(transaction, `bill ${id}`, async () => {
        await transaction.query('INSERT INTO bills (order_id) VALUES ($1)', [id]);
      });
      await transaction.query('COMMIT');
      transaction.release();
    } catch (error) {
      transaction.release(true); // closing the connection rolls back
      throw error;
    }
  }
}
