import { randomBytes } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Settling } from '../../protocol/delivery.js';
import type { SteadyStore } from './steady-store.js';

/** What is being worked on here, under a claim. */
export interface Held {
  readonly key: string;
  readonly owner: string;
  /** Whether the store is being asked. */
  renewing: boolean;
}

/** How often a claim is renewed within its lease. */
const RENEWALS = 3;

/** The claims of one handler in this process: who of its messages runs, who waits for that, and that leases do not end meanwhile. */
export class Claims {
  /** By key: messages that run or wait for another process, with their copies that came here too. */
  private readonly begun = new Map<string, Settling[]>();
  private readonly held = new Set<Held>();
  private readonly process = randomBytes(9).toString('base64url');
  private count = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly store: SteadyStore,
    readonly leaseMs: number,
    private readonly logger: Logger,
  ) {}

  /** A name that no other claim has, here or elsewhere. */
  newOwner(): string {
    return `${this.process}${this.count++}`;
  }

  /** @returns the copies of a message that has begun here before; undefined when this is the first, which has begun now */
  join(key: string): Settling[] | undefined {
    const copies = this.begun.get(key);
    if (!copies) this.begun.set(key, []);
    return copies;
  }

  /** @returns the copies that came meanwhile */
  end(key: string): readonly Settling[] {
    const copies = this.begun.get(key);
    this.begun.delete(key);
    return copies ?? [];
  }

  /** Renews the lease from now on. */
  hold(claim: Held): void {
    this.held.add(claim);
    this.timer ??= setInterval(() => this.renewAll(), this.leaseMs / RENEWALS).unref();
  }

  letGo(claim: Held): void {
    this.held.delete(claim);
  }

  private renewAll(): void {
    if (this.held.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    for (const claim of this.held) if (!claim.renewing) void this.renew(claim);
  }

  private async renew(claim: Held): Promise<void> {
    claim.renewing = true;
    const renewed = await this.store.renew(claim.key, claim.owner, this.leaseMs);
    claim.renewing = false;
    if (renewed !== false || !this.held.delete(claim)) return;
    this.logger.warn(
      'A handler runs whose claim was lost, because it could not be renewed in time: another process may run for the same message.',
    );
  }
}
