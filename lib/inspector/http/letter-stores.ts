import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { DeadLetters } from '../../server/dead-letters/dead-letters.js';
import { InspectedApplication } from '../inspected-application.js';
import { excerpt } from '../views/excerpt.js';
import type { KeptLetterPage, KeptLetterView } from '../views/snapshot.js';

/** Letters of one page. */
const PAGE = 50;

/** The dead letters that servers keep in their stores: also those of other processes, and from before this one started. */
@Injectable()
export class LetterStores {
  constructor(@Inject(InspectedApplication) private readonly application: InspectedApplication) {}

  /** The latest letters first. @param from where the page before has ended; undefined for the first one */
  async list(store: unknown, from: unknown): Promise<KeptLetterPage> {
    const start = typeof from === 'string' && from !== '' ? { from } : {};
    const { letters, next } = await this.find(store).list({}, { limit: PAGE, newestFirst: true, ...start });
    return { letters: letters.map((letter) => letterView(letter)), next };
  }

  /** @throws NotFoundException when there is no such letter any more */
  async get(store: unknown, id: unknown): Promise<KeptDeadLetter> {
    const letter = await this.find(store).get(letterId(id));
    if (!letter) throw new NotFoundException('It is not kept any more.');
    return letter;
  }

  /** @throws NotFoundException */
  find(store: unknown): DeadLetters {
    const server = this.application.keepers.find(({ id }) => id === store)?.server;
    if (!server) throw new NotFoundException('There is no such store of dead letters.');
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
