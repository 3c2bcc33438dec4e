/** From 0 up. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** For `toSorted`. */
export function ascending(a: number, b: number): number {
  return a - b;
}
