/**
 * Base class of all errors that this transport throws.
 *
 * `code` is stable and meant for programs; `message` is meant for people and
 * says what happened, to which topic or option, and what to do about it.
 */
export abstract class MqttTransportError extends Error {
  abstract readonly code: string;

  protected constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** @internal Leaves a field out where the error is inspected, because its message has the content. */
  protected hide(field: keyof this): void {
    Object.defineProperty(this, field, { enumerable: false });
  }
}
