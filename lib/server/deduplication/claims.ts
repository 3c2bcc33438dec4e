import { randomBytes } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { Settling } from '../../protocol/delivery.js';
import type { SteadyStore } from './steady-store.js';

/** A message that this process handles, with its claim. */
export interface Held {
  readonly key: string;
  readonly owner: string;
  /** Whether a call to the store is pending. */
  renewing: boolean;
}

/** Number of renewals of a claim during one lease. */
const RENEWALS = 3;

/** The claims of one handler in this process: the messages that run, the duplicates that wait for them, and the renewal of leases. */
export class Claims {
  /** By key: messages that run here or wait for another process, with their duplicates. */
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

  /** A globally unique name for a claim. */
  newOwner(): string {
    return `${this.process}${this.count++}`;
  }

  /** @returns the list of duplicates if a message with this key has started; undefined if this message is the first */
  join(key: string): Settling[] | undefined {
    const copies = this.begun.get(key);
    if (!copies) this.begun.set(key, []);
    return copies;
  }

  /** @returns the duplicates that arrived meanwhile */
  end(key: string): readonly Settling[] {
    const copies = this.begun.get(key);
    this.begun.delete(key);
    return copies ?? [];
  }

  /** Starts to renew the lease. */
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
      'The claim of a running handler was lost, because it was not renewed in time: another process may handle the same message.',
    );
  }
}
