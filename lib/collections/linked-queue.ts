interface Node<T> {
  value: T;
  previous: Node<T> | undefined;
  next: Node<T> | undefined;
}

/** The position of a value in a {@link LinkedQueue}, used to remove it. */
export type QueuePlace<T> = Node<T>;

/** A FIFO queue from which any value can be removed in constant time. */
export class LinkedQueue<T> {
  private head: Node<T> | undefined;
  private tail: Node<T> | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The value that has waited longest. */
  get first(): T | undefined {
    return this.head?.value;
  }

  push(value: T): QueuePlace<T> {
    const node: Node<T> = { value, previous: this.tail, next: undefined };
    if (this.tail) this.tail.next = node;
    else this.head = node;
    this.tail = node;
    this.count++;
    return node;
  }

  shift(): T | undefined {
    const node = this.head;
    if (node) this.remove(node);
    return node?.value;
  }

  /** Iterates from the first to the last value. The current value may be removed during the iteration. */
  *[Symbol.iterator](): Generator<T> {
    for (let node = this.head; node;) {
      const { next } = node;
      yield node.value;
      node = next;
    }
  }

  /** @param place of a value that is still in the queue */
  remove(place: QueuePlace<T>): void {
    if (place.previous) place.previous.next = place.next;
    else this.head = place.next;
    if (place.next) place.next.previous = place.previous;
    else this.tail = place.previous;
    place.previous = place.next = undefined;
    this.count--;
  }
}
