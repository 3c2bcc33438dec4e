import type { HandlerView, Snapshot } from '../views/snapshot.js';
import { element, setText } from './dom.js';
import { countOf, durationOf, exactTime, rateOf } from './format.js';
import { Table, type Cell } from './table.js';
import { filterField, heading, type View } from './view.js';

function qosOf({ qosWanted, qosGranted, refused }: HandlerView): Cell {
  if (refused !== undefined) return { text: 'refused', title: refused, tone: 'bad' };
  const wanted = qosWanted === undefined ? '?' : String(qosWanted);
  if (qosGranted === undefined)
    return {
      text: `${wanted} → ?`,
      title: 'No SUBACK in this session, or the session was resumed',
      tone: 'soft',
    };
  const less = qosWanted !== undefined && qosGranted < qosWanted;
  return {
    text: `${wanted} → ${qosGranted}`,
    title: `wanted ${wanted}, granted ${qosGranted}`,
    tone: less ? 'warn' : undefined,
  };
}

function alarming(count: number, tone: 'warn' | 'bad'): Cell {
  return { text: countOf(count), tone: count > 0 ? tone : 'soft' };
}

export function handlers(): View {
  let latest: Snapshot | undefined;
  const title = heading('Handlers');
  const table = new Table<HandlerView>(
    'Handlers',
    [
      {
        title: 'Pattern',
        kind: 'code',
        cell: ({ template, kind, source, broker, subscription }) => ({
          text: template,
          sub: [
            [kind, source, broker !== undefined && `broker ${broker}`].filter(Boolean).join(' · '),
            `subscribed as ${subscription}`,
          ].join('\n'),
        }),
      },
      { title: 'QoS', kind: 'fix', cell: qosOf },
      {
        title: 'Policy',
        kind: 'fix',
        cell: ({ policy = '?' }) => ({ text: policy.toLowerCase().replaceAll('_', ' '), tone: 'soft' }),
      },
      { title: 'Running', kind: 'num', cell: ({ running }) => countOf(running) },
      {
        title: 'Waiting',
        kind: 'num',
        cell: ({ waiting }) => ({ text: countOf(waiting), tone: waiting > 0 ? 'warn' : undefined }),
      },
      { title: 'Withheld', kind: 'num', cell: ({ withheld }) => alarming(withheld, 'warn') },
      { title: 'Rate', kind: 'num', cell: ({ rate }) => rateOf(rate) },
      {
        title: 'p50',
        kind: 'num',
        cell: ({ p50 }) => ({ text: durationOf(p50), title: p50 === undefined ? undefined : `${p50} ms` }),
      },
      {
        title: 'p99',
        kind: 'num',
        cell: ({ p99 }) => ({ text: durationOf(p99), title: p99 === undefined ? undefined : `${p99} ms` }),
      },
      {
        title: 'Failures',
        kind: 'num',
        cell: ({ failures }) => alarming(failures, 'bad'),
      },
      {
        title: 'Last error',
        kind: 'wide',
        cell: ({ lastError }) =>
          lastError
            ? { text: lastError.text, title: exactTime(lastError.at), tone: 'bad' }
            : { text: '–', tone: 'soft' },
      },
    ],
    [
      'No handlers to show.',
      'Add one with @EventPattern() or @MessagePattern(), start the server, or clear the filter.',
    ],
  );
  table.element.classList.add('even'); // growing figures must not move columns
  const filter = filterField('handler', 'pattern, filter, class or error', () => latest && update(latest));
  function update(snapshot: Snapshot): void {
    latest = snapshot;
    const { shown, all } = snapshot.handlers;
    setText(title.note, all > shown.length ? `the ${shown.length} busiest of ${countOf(all)}` : '');
    table.update(
      shown.filter((row) => filter.matches(row.template, row.subscription, row.source, row.lastError?.text)),
    );
  }
  return {
    name: 'handlers',
    title: 'Handlers',
    element: element(
      'section',
      {},
      title.element,
      element(
        'p',
        { class: 'lead' },
        'Rates and durations count from when this page was opened; failures and withheld messages from when the server started.',
      ),
      filter.element,
      table.element,
    ),
    count: ({ handlers: { all } }) => countOf(all),
    update,
  };
}
