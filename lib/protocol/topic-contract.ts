/**
 * The contract of a client without a contract: every topic accepts and returns any value.
 *
 * A contract declares the types of each topic. It has no cost at run time.
 *
 * @example
 * ```ts
 * interface Topics {
 *   'rpc/sum': { request: number[]; reply: number };
 *   'alarms': { event: { code: string } };
 * }
 * class Orders {
 *   constructor(private readonly client: ClientMqtt<Topics>) {}
 *   sum = () => this.client.send('rpc/sum', [1, 2]); // Observable<number>; another payload or topic does not compile
 * }
 * ```
 */
export type AnyTopics = unknown;

/** Topics of a contract that requests are sent to. */
export type RequestTopic<Topics> = Extract<
  { [K in keyof Topics]: Topics[K] extends { request: unknown } ? K : never }[keyof Topics],
  string
>;

/** Topics of a contract that events are sent to. */
export type EventTopic<Topics> = Extract<
  { [K in keyof Topics]: Topics[K] extends { event: unknown } ? K : never }[keyof Topics],
  string
>;

/** Topics of a contract that something is published to: requests or events. */
export type MessageTopic<Topics> = RequestTopic<Topics> | EventTopic<Topics>;

/** What a request on a topic carries. */
export type RequestOf<Topics, K extends keyof Topics> = Topics[K] extends { request: infer Request } ? Request : never;

/** Type of the reply to a request on a topic. */
export type ReplyOf<Topics, K extends keyof Topics> = Topics[K] extends { reply: infer Reply } ? Reply : unknown;

/** Type of the payload of an event on a topic. */
export type EventOf<Topics, K extends keyof Topics> = Topics[K] extends { event: infer Event } ? Event : never;

/** What is published on a topic: the payload of its events, or of its requests. */
export type MessageOf<Topics, K extends keyof Topics> = EventOf<Topics, K> | RequestOf<Topics, K>;

/** `T` for a client that has no contract; nothing for one that has, whose other signatures then rule. */
export type WithoutContract<Topics, T> = [keyof Topics] extends [never] ? T : never;
