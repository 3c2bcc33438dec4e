import type { Logger } from '@nestjs/common';
import type { ConnectionFailure } from './connection-failure.js';
import { reasonOf, withHint, type Reconnection } from './reconnection.js';

/** From this number on, failed attempts are logged at every doubling. */
const FEW_ATTEMPTS = 4;

/**
 * Logs every change of the connection's state, and failed attempts at every doubling of their number: 4, 8, 16, and so on.
 *
 * @internal
 */
export class ConnectionLog {
  constructor(
    private readonly logger: Logger,
    private readonly broker: string,
    private readonly clientId: string,
  ) {}

  connected(sessionPresent: boolean): void {
    this.logger.log(`Connected to ${this.broker} as "${this.clientId}"${sessionPresent ? ', session resumed' : ''}`);
  }

  lost({ error, hint }: ConnectionFailure, { looksEvicted }: Reconnection): void {
    const { broker, clientId, logger } = this;
    if (looksEvicted) {
      logger.warn(
        `${broker} closes the connection again and again, soon after it is made: does another client use the Client Identifier "${clientId}"? ` +
          'Give every process its own clientId, or none.',
      );
    } else logger.warn(`Connection to ${broker} lost (${withHint(reasonOf(error), hint)}), reconnecting`);
  }

  attemptFailed({ error, hint }: ConnectionFailure, { failedAttempts: attempts }: Reconnection): void {
    if (attempts !== 1 && !(attempts >= FEW_ATTEMPTS && Number.isInteger(Math.log2(attempts)))) return;
    const what = `Cannot connect to ${this.broker} (${withHint(reasonOf(error), hint)})`;
    this.logger.warn(`${what}${attempts === 1 ? '' : ` after ${attempts} attempts`}, retrying`);
  }

  /** No further attempt is made. */
  givenUp(error: Error): void {
    this.logger.error(error.message);
  }
}
