/**
 * Stores a value on an object under a private symbol. A WeakMap with short-lived keys, such as messages, costs more in garbage collection
 * than the rest of a span.
 */
export class Kept<Key extends object, Value> {
  private readonly name = Symbol('nestjs-mqtt-transport:otel');

  get(key: Key): Value | undefined {
    return (key as Record<symbol, Value | undefined>)[this.name];
  }

  set(key: Key, value: Value): void {
    (key as Record<symbol, Value | undefined>)[this.name] = value;
  }
}
