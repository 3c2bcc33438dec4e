import { describeThrown } from '../../errors/describe-thrown.js';

/** `credentials()` has thrown, or has not answered in time: there was no attempt to reach the broker. */
export class CredentialsFailure extends Error {
  constructor(cause: unknown) {
    super(`credentials() failed: ${describeThrown(cause)}`, { cause });
    this.name = 'CredentialsFailure';
  }
}
