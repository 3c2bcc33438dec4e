import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { describeThrown } from '../../errors/describe-thrown.js';
import { AckPolicy } from '../../options/ack-policy.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import { capturedFrom } from '../../routing/route-of-topic.js';
import { encodeWith } from '../../serialization/checked-codec.js';
import { defaultCodec } from '../../serialization/codecs.js';
import { replayedMessage } from '../../serialization/dead-letter-message.js';
import { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { Writer } from '../../wire/outbound/writer.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import { orderKeyOf } from '../handling/order-key.js';
import type { ServedHandler } from '../handling/served-handler.js';
import type { Replayer } from './dead-letters.js';
import type { ReplayOptions } from './replay-options.js';
import { ReplayedInvocation } from './replayed-invocation.js';
import { ReplayEnd } from './replay-end.js';

/** Replays dead letters on a server that runs: in their handlers, or to their topics. */
export class Replays implements Replayer {
  private readonly host: InvocationHost;
  /** What is under way. */
  private readonly ends = new Set<ReplayEnd>();
  private readonly copies = new Map<ServedHandler, ServedHandler>();

  /** @param publish resolves when the broker has taken the message */
  constructor(
    private readonly served: readonly ServedHandler[],
    host: InvocationHost,
    private readonly publish: (message: OutgoingMessage) => Promise<void>,
  ) {
    this.host = { ...host, refusable: [0, 1, 2], letters: undefined }; // a reject has somebody to tell: who replays
  }

  async replay(letter: KeptDeadLetter, { data, to = 'handler' }: ReplayOptions): Promise<void> {
    if (to === 'handler') {
      const handler = this.handlerOf(letter);
      await this.run(withData(letter, data, handler), handler);
    } else await this.republish(withData(letter, data, this.served.find(isOf(letter))));
  }

  /** What still runs goes on, and nobody waits for it any more. */
  close(): void {
    for (const end of this.ends) end.cut();
  }

  private async run(letter: KeptDeadLetter, handler: ServedHandler): Promise<void> {
    const message = messageOf(letter);
    const params = capturedFrom(letter.topic, handler.captures);
    const end = new ReplayEnd(letter.id, handler.options.deadLetterReason === 'masked');
    const invocation = new ReplayedInvocation(message, this.copyOf(handler), params, end, this.host);
    invocation.orderKey = orderKey(() => orderKeyOf(message, handler, params, this.host), letter);
    this.ends.add(end);
    try {
      handler.lane.submit(invocation);
      await end.reached;
    } finally {
      this.ends.delete(end);
    }
  }

  private async republish(letter: KeptDeadLetter): Promise<void> {
    try {
      await this.publish(replayedMessage(letter, this.host.protocolVersion));
    } catch (error) {
      if (error instanceof DeadLetterError) throw error;
      throw new DeadLetterError(
        'failed',
        `Dead letter ${letter.id} was not published to "${letter.topic}": ${describeThrown(error)}`,
        { cause: error },
      );
    }
  }

  /** @throws DeadLetterError when there is not the one handler */
  private handlerOf(letter: KeptDeadLetter): ServedHandler {
    const { id, pattern, group, handler: method, topic } = letter;
    const stays = 'The letter stays: deploy the handler, replay it to its topic, or discard it.';
    const ofPattern = this.served.filter(isOf(letter));
    const named =
      ofPattern.length > 1
        ? ofPattern.filter(({ declaredAt, filter }) => declaredAt === method && filter.group === group)
        : ofPattern;
    const [handler, other] = named;
    if (!handler)
      throw new DeadLetterError(
        'no-handler',
        `Dead letter ${id} is of the pattern "${pattern}"${method ? ` (${method})` : ''}, which no handler of this server has. ${stays}`,
      );
    if (other)
      throw new DeadLetterError(
        'no-handler',
        `Dead letter ${id} is of the pattern "${pattern}", which several handlers have. Import MqttModule, or give them @MqttSubscription, so that letters say which. ${stays}`,
      );
    if (!handler.filter.matches(topic))
      throw new DeadLetterError(
        'no-handler',
        `Dead letter ${id} came on "${topic}", and the handler of "${pattern}" is for "${handler.filter.filter}" now. ${stays}`,
      );
    return handler;
  }

  /** It replies to nobody, and what fails stays the letter that it is. */
  private copyOf(handler: ServedHandler): ServedHandler {
    let copy = this.copies.get(handler);
    if (copy) return copy;
    const { ackPolicy } = handler.options;
    const options = Object.freeze({
      ...handler.options,
      noReply: true,
      deadLetter: undefined,
      onDeadLetter: undefined,
      // whether it is acknowledged says how it ended
      ackPolicy: ackPolicy === AckPolicy.MANUAL ? ackPolicy : AckPolicy.NACK_ON_ERROR,
    });
    copy = { ...handler, options, deadLetterTopic: undefined, deduplication: undefined };
    this.copies.set(handler, copy);
    return copy;
  }
}

function isOf(letter: KeptDeadLetter): (handler: ServedHandler) => boolean {
  return ({ pattern }) => pattern === letter.pattern;
}

/** @throws DeadLetterError when the codec cannot encode it */
function withData(letter: KeptDeadLetter, data: unknown, handler: ServedHandler | undefined): KeptDeadLetter {
  if (data === undefined) return letter;
  try {
    const { payload, contentType } = encodeWith(handler?.codec ?? defaultCodec, data);
    const properties =
      contentType === undefined && letter.properties === undefined
        ? undefined
        : { ...letter.properties, ...(contentType !== undefined && { contentType }) };
    return { ...letter, payload: Buffer.from(payload as string), properties };
  } catch (error) {
    throw new DeadLetterError(
      'failed',
      `The data for dead letter ${letter.id} cannot be encoded: ${describeThrown(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** It came on no connection, and its time, which was over perhaps, does not matter to who replays it. */
function messageOf({ topic, payload, qos, properties }: KeptDeadLetter): InboundMessage {
  const { messageExpiryInterval: _expiry, ...others } = properties ?? {};
  const packet = {
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain: false,
    dup: false,
    ...(properties && { properties: others }),
  } as const;
  return new InboundMessage(packet, undefined as unknown as Writer, { decided: () => {} });
}

/** @throws DeadLetterError */
function orderKey(find: () => string | undefined, { id }: KeptDeadLetter): string | undefined {
  try {
    return find();
  } catch (error) {
    throw new DeadLetterError(
      'failed',
      `Dead letter ${id} has failed again: orderBy failed: ${describeThrown(error)}`,
      {
        cause: error,
      },
    );
  }
}
