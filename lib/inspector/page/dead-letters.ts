import type { DeadLetterView, Snapshot } from '../views/snapshot.js';
import { ask } from './address.js';
import { element, setText } from './dom.js';
import { countOf, sizeOf } from './format.js';
import { Table, timeCell } from './table.js';
import { filterField, heading, type View } from './view.js';

/** What of a dead letter is shown on wish. */
interface Content {
  readonly payload: string;
  readonly userProperties: readonly (readonly [string, string])[];
}

export function deadLetters(): View {
  let latest: Snapshot | undefined;
  const title = heading('Dead letters');
  const hint = element('p', { class: 'lead' });
  const table = new Table<DeadLetterView>(
    'Dead letters',
    [
      { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
      { title: 'Topic', kind: 'code', cell: ({ topic, handler }) => ({ text: topic, sub: handler }) },
      {
        title: 'Reason',
        kind: 'wide',
        cell: ({ reason, attempts }) => ({
          text: reason,
          tone: 'bad',
          sub: attempts > 1 ? `${attempts} runs` : undefined,
        }),
      },
      {
        title: 'Dead letter to',
        kind: 'code',
        cell: ({ deadLetterTopic, error }) =>
          error === undefined ? deadLetterTopic : { text: deadLetterTopic, tone: 'bad', sub: `not accepted: ${error}` },
      },
      { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
    ],
    [
      'No dead letter so far.',
      'A handler with the option deadLetter sends what it gives up there, and it is listed here.',
    ],
    (row, tr) => {
      if (latest?.may.payloads) tr.children[1]!.firstElementChild!.append(contentOf(row));
    },
  );
  const filter = filterField('letter', 'topic, handler or reason', () => latest && update(latest));
  function update(snapshot: Snapshot): void {
    latest = snapshot;
    const { shown, all } = snapshot.deadLetters;
    setText(title.note, all > shown.length ? `the latest ${shown.length} of ${countOf(all)} since the start` : '');
    setText(
      hint,
      snapshot.may.payloads
        ? ''
        : 'Payloads are hidden. The option payloads of MqttInspectorModule shows them on wish, with the values of telling names masked.',
    );
    hint.hidden = snapshot.may.payloads;
    table.update(shown.filter(({ topic, handler, reason }) => filter.matches(topic, handler, reason)));
  }
  return {
    name: 'dead-letters',
    title: 'Dead letters',
    element: element('section', {}, title.element, hint, filter.element, table.element),
    count: ({ deadLetters: { all } }) => (all > 0 ? countOf(all) : ''),
    update,
  };
}

/** Asked for when it is opened. */
function contentOf({ id, topic }: DeadLetterView): HTMLElement {
  const text = element('pre', { tabindex: '0' });
  const summary = element('summary', { 'aria-label': `Payload of ${topic}` }, 'Payload');
  const details = element('details', { class: 'sub' }, summary, text);
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    ask<Content>('dead-letter', { id: String(id) }).then(
      ({ payload, userProperties }) =>
        setText(text, [payload, ...userProperties.map(([name, value]) => `${name}: ${value}`)].join('\n')),
      (error: unknown) => setText(text, (error as Error).message),
    );
  });
  return details;
}
