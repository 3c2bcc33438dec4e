import { warnerOnce } from '../errors/warner-once.js';
import type { Logger } from '@nestjs/common';
import { foreignWildcardIn } from '../protocol/foreign-wildcard.js';
import { captureIn } from '../routing/topic-template.js';

/** Says, once for each topic, that a client takes `{deviceId}` or `*` literally. It is a valid level, and hardly ever what is meant. */
export class LiteralLevels {
  private readonly warnOnce;

  constructor(logger: Logger) {
    this.warnOnce = warnerOnce(logger);
  }

  /** @param topic one to publish to */
  published(topic: string): void {
    const capture = captureIn(topic);
    if (capture === undefined) return;
    this.warnOnce(
      'published',
      topic,
      `A message is published to "${topic}", and ${capture} is published literally: only @PublishTo and deadLetter replace captures. ` +
        `Put the value into the topic, for example \`${topic.replace('{', '${')}\`.`,
    );
  }

  /** @param filter one to listen to */
  listened(filter: string): void {
    const foreign = foreignWildcardIn(filter);
    if (foreign !== undefined)
      this.warnOnce(
        'foreign',
        filter,
        `messages() listens to "${filter}", and "${foreign}" matches literally: it is no wildcard in MQTT. Use + for a level, # for the rest.`,
      );
    const capture = captureIn(filter);
    if (capture === undefined) return;
    this.warnOnce(
      'listened',
      filter,
      `messages() listens to "${filter}", and ${capture} matches literally: only the patterns of handlers have captures. ` +
        `Listen to "${filter.replace(capture, '+')}", and take the level from the topic of the message.`,
    );
  }
}
