/**
 * Stores a value on an object under a private symbol. A WeakMap with short-lived keys, such as messages, costs more in garbage collection
 * than the rest of a span.
 */
export class Kept<Key extends object, Value> {
  private readonly name = Symbol('nestjs-mqtt-transport:otel');

  /** For objects that another observer has frozen. */
  private frozen: WeakMap<Key, Value> | undefined;

  get(key: Key): Value | undefined {
    return (key as Record<symbol, Value | undefined>)[this.name] ?? this.frozen?.get(key);
  }

  set(key: Key, value: Value): void {
    if (Object.isExtensible(key)) (key as Record<symbol, Value | undefined>)[this.name] = value;
    else (this.frozen ??= new WeakMap()).set(key, value);
  }
}
