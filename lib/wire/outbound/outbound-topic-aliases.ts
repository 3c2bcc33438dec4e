/** The Topic Alias of a packet, which is already set, or set by this packet (section 3.3.2.3.4). */
export interface TopicAlias {
  readonly alias: number;
  /** Whether it is already set: then the packet has no Topic Name. */
  readonly known: boolean;
}

/** Topic Aliases of one network connection to the broker. When all are in use, a new topic replaces the least recently used one. */
export class OutboundTopicAliases {
  /** Least recently used first. */
  private readonly aliases = new Map<string, number>();

  /** @param maximum Topic Alias Maximum of the CONNACK, 1 or more */
  constructor(private readonly maximum: number) {}

  /** The alias for a message to the topic. It is set when {@link markSet} is called. */
  aliasOf(topic: string): TopicAlias {
    const known = this.aliases.get(topic);
    return { alias: known ?? this.free(), known: known !== undefined };
  }

  /** The message has been written: the alias is set. */
  markSet(topic: string, { alias, known }: TopicAlias): void {
    if (known) this.aliases.delete(topic);
    else if (this.aliases.size === this.maximum) this.aliases.delete(this.leastUsed());
    this.aliases.set(topic, alias); // most recently used
  }

  private free(): number {
    return this.aliases.size < this.maximum ? this.aliases.size + 1 : this.aliases.get(this.leastUsed())!;
  }

  private leastUsed(): string {
    return this.aliases.keys().next().value!;
  }
}
