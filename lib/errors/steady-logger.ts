import { Logger } from '@nestjs/common';

/** A logger that never throws: an error in the application's own logger must not affect how a message is settled. */
export class SteadyLogger extends Logger {
  private complained = false;

  override log(message: unknown): void {
    this.attempt(() => super.log(message));
  }

  override warn(message: unknown): void {
    this.attempt(() => super.warn(message));
  }

  override error(message: unknown, stack?: string): void {
    this.attempt(() => (stack === undefined ? super.error(message) : super.error(message, stack)));
  }

  override debug(message: unknown): void {
    this.attempt(() => super.debug(message));
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch {
      if (this.complained) return;
      this.complained = true;
      process.emitWarning(`The application's logger threw; lines of ${this.context ?? 'this transport'} are lost.`);
    }
  }
}
