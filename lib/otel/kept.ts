/**
 * What belongs to an object, kept on it: to collect the entries of a WeakMap, whose keys live as briefly as messages do, takes longer
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
