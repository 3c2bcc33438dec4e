import type { DropView, MessageView, RequestView, Snapshot } from '../views/snapshot.js';
import { element, setText } from './dom.js';
import { countOf, durationOf, exactTime, sizeOf } from './format.js';
import { Table, timeCell } from './table.js';
import { filterField, heading, type View } from './view.js';

export function messages(): View {
  let latest: Snapshot | undefined;
  let now = 0;
  const inFlight = heading('Messages in flight');
  const flights = new Table<MessageView>(
    'Messages in flight',
    [
      {
        title: 'Age',
        kind: 'num',
        cell: ({ at }) => ({ text: durationOf(Math.max(0, now - at)), title: exactTime(at) }),
      },
      { title: 'Topic', kind: 'code', cell: ({ topic }) => topic },
      { title: 'Handler', kind: 'code', cell: ({ handler }) => ({ text: handler, tone: 'soft' }) },
      {
        title: 'State',
        kind: 'fix',
        cell: ({ state, attempt }) => ({
          text: state,
          sub: attempt > 1 ? `run ${attempt}` : undefined,
          tone: state === 'retrying' ? 'warn' : undefined,
        }),
      },
      { title: 'QoS', kind: 'num', cell: ({ qos }) => String(qos) },
      { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
    ],
    ['No messages in flight.', 'Messages are listed here while they wait for a handler or while it runs.'],
  );
  const requests = new Table<RequestView>(
    'Requests of this application',
    [
      { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
      { title: 'Topic', kind: 'code', cell: ({ topic }) => topic },
      {
        title: 'Outcome',
        kind: 'fix',
        cell: ({ outcome, error }) => ({
          text: outcome ?? 'pending',
          sub: error,
          tone: outcome === undefined ? 'soft' : outcome === 'replied' ? 'good' : 'bad',
        }),
      },
      {
        title: 'Took',
        kind: 'num',
        cell: ({ durationMs, at, outcome, timeoutMs }) => ({
          text: durationOf(outcome === undefined ? Math.max(0, now - at) : durationMs),
          title: timeoutMs === undefined ? 'no timeout' : `timeout ${timeoutMs} ms`,
        }),
      },
    ],
    [
      'No requests since this page was opened.',
      'Requests that clients of this application make with send() or request() are listed here.',
    ],
  );
  const dropped = heading('Dropped messages');
  const drops = new Table<DropView>(
    'Dropped messages',
    [
      { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
      { title: 'Reason', kind: 'fix', cell: ({ reason }) => ({ text: reason.replaceAll('-', ' '), tone: 'warn' }) },
      { title: 'Topic', kind: 'code', cell: ({ topic }) => topic },
      { title: 'Handler', kind: 'code', cell: ({ handler = '–' }) => ({ text: handler, tone: 'soft' }) },
      { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
    ],
    [
      'No messages were dropped.',
      'Messages that cannot be decoded, are too large or exceed a buffer are listed here with the reason.',
    ],
  );
  for (const { element: list } of [flights, requests]) list.classList.add('steady'); // changing rows must not move the rest of the page
  const filter = filterField('message', 'topic or handler', () => latest && update(latest));
  function update(snapshot: Snapshot): void {
    latest = snapshot;
    now = snapshot.at;
    const { shown, all } = snapshot.messages;
    setText(inFlight.note, all > shown.length ? `the ${shown.length} oldest of ${countOf(all)}` : '');
    setText(dropped.note, snapshot.drops.all > 0 ? `${countOf(snapshot.drops.all)} since the start` : '');
    flights.update(shown.filter(({ topic, handler }) => filter.matches(topic, handler)));
    requests.update(snapshot.requests.filter(({ topic }) => filter.matches(topic)));
    drops.update(snapshot.drops.shown.filter(({ topic, handler }) => filter.matches(topic, handler)));
  }
  return {
    name: 'messages',
    title: 'Messages',
    element: element(
      'div',
      {},
      filter.element,
      element('section', {}, inFlight.element, flights.element),
      element('section', {}, heading('Requests').element, requests.element),
      element('section', {}, dropped.element, drops.element),
    ),
    count: ({ messages: { all } }) => countOf(all),
    update,
  };
}
