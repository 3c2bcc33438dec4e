import type { DeadLetterView, Snapshot } from '../views/snapshot.js';
import { element, setText } from './dom.js';
import { countOf, sizeOf } from './format.js';
import { KeptLetters } from './kept-letters.js';
import { payloadDetails } from './payload-details.js';
import { Table, timeCell } from './table.js';
import { filterField, heading, type View } from './view.js';

export function deadLetters(): View {
  let latest: Snapshot | undefined;
  const title = heading('Latest dead letters');
  const kept = new Map<string, KeptLetters>();
  const stores = element('div');
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
        title: 'Destination',
        kind: 'code',
        cell: ({ deadLetterTopic = 'the store', error }) =>
          error === undefined ? deadLetterTopic : { text: deadLetterTopic, tone: 'bad', sub: `failed: ${error}` },
      },
      { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
    ],
    ['No dead letters so far.', 'Messages that a handler with the option deadLetter gives up are listed here.'],
    ({ id, topic }, tr) => {
      if (latest?.may.payloads)
        tr.children[1]!.firstElementChild!.append(payloadDetails(topic, 'dead-letter', { id: String(id) }));
    },
  );
  const filter = filterField('letter', 'topic, handler or reason', () => latest && update(latest));
  function update(snapshot: Snapshot): void {
    latest = snapshot;
    for (const { id, broker } of snapshot.stores) {
      if (kept.has(id)) continue;
      const letters = new KeptLetters(id, broker);
      kept.set(id, letters);
      stores.append(letters.element);
    }
    for (const letters of kept.values()) letters.update(snapshot);
    const { shown, all } = snapshot.deadLetters;
    setText(title.note, all > shown.length ? `the latest ${shown.length} of ${countOf(all)} since the start` : '');
    setText(
      hint,
      snapshot.may.payloads
        ? ''
        : 'Payloads are hidden. The option payloads of MqttInspectorModule shows them, with sensitive values masked.',
    );
    hint.hidden = snapshot.may.payloads;
    table.update(shown.filter(({ topic, handler, reason }) => filter.matches(topic, handler, reason)));
  }
  return {
    name: 'dead-letters',
    title: 'Dead letters',
    element: element('div', {}, hint, stores, element('section', {}, title.element, filter.element, table.element)),
    count: ({ deadLetters: { all } }) => (all > 0 ? countOf(all) : ''),
    update,
  };
}
