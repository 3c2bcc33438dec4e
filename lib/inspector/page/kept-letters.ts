import type { ActionResult, KeptLetterPage, KeptLetterView, Permissions, Snapshot } from '../views/snapshot.js';
import { act, ask } from './address.js';
import { element, setText } from './dom.js';
import { sizeOf } from './format.js';
import { payloadDetails } from './payload-details.js';
import { Table, timeCell } from './table.js';
import { filterField, heading } from './view.js';

/** The dead letters of one store, loaded only when they may have changed. */
export class KeptLetters {
  readonly element: HTMLElement;
  private readonly result = element('output');
  private readonly all = element('button', { type: 'button' }, 'Replay all');
  private readonly more = element('button', { type: 'button' }, 'Show earlier');
  private readonly filter = filterField('kept', 'topic, handler or reason', () => this.show());
  private readonly table: Table<KeptLetterView>;
  private letters: readonly KeptLetterView[] = [];
  private next: string | undefined;
  private may: Permissions | undefined;
  /** Count of dead letters at the last load. */
  private known: number | undefined;

  constructor(
    private readonly store: string,
    broker: string | undefined,
  ) {
    this.table = new Table<KeptLetterView>(
      'Kept dead letters',
      [
        { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
        { title: 'Topic', kind: 'code', cell: ({ topic, handler }) => ({ text: topic, sub: handler }) },
        {
          title: 'Reason',
          kind: 'wide',
          cell: (letter) => ({ text: letter.reason, tone: 'bad', sub: runsOf(letter) }),
        },
        { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
        { title: 'Actions', kind: 'fix', cell: () => '' },
      ],
      [
        'No dead letters are kept.',
        'Messages that a handler with the option deadLetter gives up are kept here until they are replayed or discarded.',
      ],
      (letter, tr) => this.decorate(letter, tr),
    );
    this.more.addEventListener('click', () => void this.load(this.next));
    this.all.addEventListener('click', () => void this.act('replay-all', {}));
    this.all.hidden = this.more.hidden = true;
    const title = heading('Kept dead letters');
    if (broker !== undefined) setText(title.note, `broker ${broker}`);
    this.filter.element.append(this.all);
    this.element = element(
      'section',
      {},
      title.element,
      this.filter.element,
      this.result,
      this.table.element,
      this.more,
    );
  }

  update({ may, deadLetters }: Snapshot): void {
    this.may = may;
    this.all.hidden = !may.replay;
    if (this.known === deadLetters.all) return;
    this.known = deadLetters.all;
    void this.load(undefined);
  }

  /** @param from `next` of the previous page; undefined for the first page */
  private async load(from: string | undefined): Promise<void> {
    try {
      const page = await ask<KeptLetterPage>('letters', { store: this.store, ...(from !== undefined && { from }) });
      this.letters = from === undefined ? page.letters : [...this.letters, ...page.letters];
      this.next = page.next;
      this.show();
    } catch (error) {
      this.say((error as Error).message, false);
    }
  }

  private show(): void {
    this.more.hidden = this.next === undefined;
    this.table.update(this.letters.filter(({ topic, handler, reason }) => this.filter.matches(topic, handler, reason)));
  }

  private decorate({ id, topic }: KeptLetterView, tr: HTMLTableRowElement): void {
    const query = { store: this.store, id };
    if (this.may?.payloads) tr.children[1]!.firstElementChild!.append(payloadDetails(topic, 'letter', query));
    const actions = tr.lastElementChild!.firstElementChild!;
    if (this.may?.replay) {
      const replay = element('button', { type: 'button', 'aria-label': `Replay ${topic}` }, 'Replay');
      replay.addEventListener('click', () => void this.act('replay', { id }));
      actions.append(replay);
    }
    if (this.may?.discard) actions.append(this.discardButton(id, topic));
  }

  /** Needs a second click: a discarded letter cannot be restored. */
  private discardButton(id: string, topic: string): HTMLElement {
    const discard = element('button', { type: 'button', 'aria-label': `Discard ${topic}` }, 'Discard');
    let sure = false;
    const becomeSure = (asked: boolean): void => {
      sure = asked;
      setText(discard, asked ? 'Confirm discard' : 'Discard');
      discard.setAttribute('aria-label', `${discard.textContent} ${topic}`);
    };
    discard.addEventListener('blur', () => becomeSure(false));
    discard.addEventListener('click', () => {
      if (sure) void this.act('discard', { id });
      else becomeSure(true);
    });
    return discard;
  }

  private async act(action: string, body: { readonly id?: string }): Promise<void> {
    this.say('…', true);
    try {
      const { ok, text } = await act<ActionResult>(action, { store: this.store, ...body });
      this.say(text, ok);
    } catch (error) {
      this.say((error as Error).message, false);
    }
    await this.load(undefined);
  }

  private say(text: string, good: boolean): void {
    this.result.className = good ? 'good' : 'bad';
    setText(this.result, text);
  }
}

function runsOf({ attempts, replays }: KeptLetterView): string | undefined {
  const parts = [attempts > 1 && `${attempts} runs`, replays > 0 && `replayed ${replays}×`];
  return parts.filter(Boolean).join(', ') || undefined;
}
