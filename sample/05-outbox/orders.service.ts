import { Injectable } from '@nestjs/common';
import { Pool } from 'pg';
import { addToOutbox } from './outbox.js';

export interface OrderPlaced {
  readonly id: string;
  readonly item: string;
}

/** Places orders: the row and the event commit together. It does not depend on MQTT. */
@Injectable()
export class OrdersService {
  constructor(private readonly pool: Pool) {}

  async place(item: string): Promise<OrderPlaced> {
    const transaction = await this.pool.connect();
    try {
      await transaction.query('BEGIN');
      const { rows } = await transaction.query<{ id: string }>('INSERT INTO orders (item) VALUES ($1) RETURNING id', [
        item,
      ]);
      const order = { id: rows[0]!.id, item };
      await addToOutbox(transaction, `orders/${order.id}/placed`, order);
      await transaction.query('COMMIT');
      transaction.release();
      return order;
    } catch (error) {
      transaction.release(true); // closing the connection rolls back
      throw error;
    }
  }
}
