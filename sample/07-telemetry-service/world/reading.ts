import { randomUUID } from 'node:crypto';

/** A reading as devices send it. */
export function reading(celsius: number): { id: string; celsius: number; at: string } {
  return { id: randomUUID(), celsius, at: new Date().toISOString() };
}
