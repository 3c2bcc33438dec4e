import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import { InspectedApplication } from '../inspected-application.js';
import { excerpt } from '../views/excerpt.js';
import type { KeptLetterPage, KeptLetterView } from '../views/snapshot.js';

/** Dead letters per page. */
const PAGE = 50;

/** The dead letters in the servers' stores, including those of other processes and of earlier runs. */
@Injectable()
export class LetterStores {
  constructor(@Inject(InspectedApplication) private readonly application: InspectedApplication) {}

  /** Newest first. @param from `next` of the previous page; undefined for the first page */
  async list(store: unknown, from: unknown): Promise<KeptLetterPage> {
    const start = typeof from === 'string' && from !== '' ? { from } : {};
    const { letters, next } = await this.find(store).list({}, { limit: PAGE, newestFirst: true, ...start });
    return { letters: letters.map((letter) => letterView(letter)), next };
  }

  /** @throws NotFoundException when the letter is not kept any more */
  async get(store: unknown, id: unknown): Promise<KeptDeadLetter> {
    const letter = await this.find(store).get(letterId(id));
    if (!letter) throw new NotFoundException('The dead letter is not kept any more.');
    return letter;
  }

  /** @throws NotFoundException */
  find(store: unknown): DeadLetters {
    const server = this.application.keepers.find(({ id }) => id === store)?.server;
    if (!server) throw new NotFoundException('Unknown dead letter store.');
    return server.deadLetters;
  }
}

/** @throws BadRequestException */
export function letterId(id: unknown): string {
  if (typeof id !== 'string' || id === '') throw new BadRequestException('Give the id of a dead letter.');
  return id;
}

function letterView(letter: KeptDeadLetter): KeptLetterView {
  const { id, time, topic, pattern, handler, reason, attempts, replays, payload } = letter;
  return {
    id,
    at: time,
    topic: excerpt(topic),
    handler: excerpt(handler ?? pattern),
    reason: excerpt(reason),
    attempts,
    replays,
    size: payload.length,
  };
}
