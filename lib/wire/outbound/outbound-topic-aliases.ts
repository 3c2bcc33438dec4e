/** How a Topic Name goes over the wire: with an alias that is already set, or set by this packet (section 3.3.2.3.4). */
export interface TopicAlias {
  readonly alias: number;
  /** Whether the broker knows it: the topic itself is then left out. */
  readonly known: boolean;
}

/** Topic Aliases of one network connection to the broker. When all are in use, the one used longest ago is given to a new topic. */
export class OutboundTopicAliases {
  /** Used longest ago first. */
  private readonly aliases = new Map<string, number>();

  /** @param maximum Topic Alias Maximum of the CONNACK, 1 or more */
  constructor(private readonly maximum: number) {}

  /** The alias that a message to the topic is to have. It is the topic's when {@link told} has been called. */
  aliasOf(topic: string): TopicAlias {
    const known = this.aliases.get(topic);
    return { alias: known ?? this.free(), known: known !== undefined };
  }

  /** The message has been written: the broker knows the alias from now on. */
  told(topic: string, { alias, known }: TopicAlias): void {
    if (known) this.aliases.delete(topic);
    else if (this.aliases.size === this.maximum) this.aliases.delete(this.leastUsed());
    this.aliases.set(topic, alias); // used last
  }

  private free(): number {
    return this.aliases.size < this.maximum ? this.aliases.size + 1 : this.aliases.get(this.leastUsed())!;
  }

  private leastUsed(): string {
    return this.aliases.keys().next().value!;
  }
}
