import { describeThrown } from '../../errors/describe-thrown.js';
import type { PublishDefaults } from '../../options/publish-options.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { MqttResponse } from '../../records/mqtt-response.js';
import { fillProperties, mergeUserProperties } from '../../records/publish-properties.js';
import { refuseProperties } from '../../records/only-on-5.js';
import { encodeWith } from '../../serialization/checked-codec.js';
import type { ResolvedPublishTarget } from '../../routing/publish-target.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import type { ObservedDelivery } from '../handling/observed-delivery.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { sendFrom } from './send-from.js';

/** Publishes the results of a handler to the targets of its `@PublishTo`. */
export class ResultPublisher {
  /** Whether a message waits to be sent. */
  held = false;
  private unsettled = 0;
  private failure: Error | undefined;
  private done: ((failure: Error | undefined) => void) | undefined;

  constructor(
    private readonly handler: ServedHandler,
    private readonly params: TopicParams,
    readonly host: InvocationHost,
    readonly delivery?: ObservedDelivery,
  ) {}

  /** Publishes one result; `undefined` is not published. */
  publish(value: unknown): void {
    if (value === undefined) return;
    for (const target of this.handler.publishTo) this.publishTo(target, value);
  }

  /** @param done called once, when the broker has accepted all messages, or one has failed */
  whenSettled(done: (failure: Error | undefined) => void): void {
    this.done = done;
    if (this.unsettled === 0) done(this.failure);
  }

  private publishTo(target: ResolvedPublishTarget, value: unknown): void {
    let message: OutgoingMessage;
    try {
      message = this.compose(target, value);
    } catch (error) {
      this.failed(target.topic, error);
      return;
    }
    this.unsettled++;
    const accepted = sendFrom(this, 'result', target.topic, message, (error) => {
      this.unsettled--;
      if (error) this.failed(message.topic, error);
      if (this.unsettled === 0) this.done?.(this.failure);
    });
    if (!accepted) this.held = true;
  }

  private failed(topic: string, error: unknown): void {
    this.failure ??= error as Error;
    this.host.logger.error(
      `A result of handler "${this.handler.pattern}" was not published to "${topic}": ${describeThrown(error)}`,
    );
  }

  private compose(target: ResolvedPublishTarget, value: unknown): OutgoingMessage {
    const { handler, params, host } = this;
    const topic = target.topicOf(params);
    const codec = target.options.codec ?? handler.codec;
    const own = value instanceof MqttResponse ? value.options : {};
    const options = { ...target.options, ...own };
    const defaults: Readonly<PublishDefaults> = host.publishDefaults;
    const { payload, contentType } = encodeWith(codec, value instanceof MqttResponse ? value.data : value);
    const message = {
      topic,
      payload,
      qos: options.qos ?? defaults.qos ?? 0,
      retain: options.retain ?? defaults.retain ?? false,
    };
    if (host.protocolVersion === 4) {
      refuseProperties(`the message to "${topic}"`, options);
      return message;
    }
    const properties = fillProperties({}, options, {
      contentType,
      messageExpiryInterval: defaults.messageExpiryInterval,
      userProperties: mergeUserProperties(defaults.userProperties, options.userProperties),
    });
    return { ...message, properties };
  }
}
