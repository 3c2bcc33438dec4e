import type { Explanation, Snapshot, TailFrame, TailMessage, TopicAnswer } from '../views/snapshot.js';
import { ask, below, parameter, setParameters } from './address.js';
import { element, labelled, setText } from './dom.js';
import { countOf, sizeOf } from './format.js';
import { Table, timeCell } from './table.js';
import { brokerOptions } from './brokers.js';
import { heading, type View } from './view.js';

const KEPT = 100;

type Explained = Explanation & { readonly id: number };
type TailRow = TailMessage & { readonly id: number };

export function topics(): View {
  const why = whySection();
  const tail = tailSection();
  return {
    name: 'topics',
    title: 'Topics',
    element: element('div', {}, why, tail.element),
    update: tail.update,
  };
}

/** Why a topic reaches a handler, or does not. */
function whySection(): HTMLElement {
  const title = heading('Which handlers does a topic reach?');
  const input = element('input', {
    class: 'mono',
    placeholder: 'devices/7/temperature',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const problem = element('output', { class: 'bad' });
  const table = new Table<Explained>(
    'Handlers for the topic',
    [
      {
        title: 'Handler',
        kind: 'code',
        cell: ({ handler, broker }) => ({ text: handler, sub: broker === undefined ? undefined : `broker ${broker}` }),
      },
      {
        title: 'Reached',
        kind: 'fix',
        cell: ({ reaches }) => ({ text: reaches ? 'yes' : 'no', tone: reaches ? 'good' : 'soft' }),
      },
      { title: 'Why', kind: 'wide', cell: ({ why }) => why },
      { title: 'Filter', kind: 'code', cell: ({ subscription }) => ({ text: subscription, tone: 'soft' }) },
    ],
    ['No topic yet.', 'Enter a topic that a device publishes to, to see for each handler why it matches or not.'],
  );
  async function explain(): Promise<void> {
    const topic = input.value;
    setParameters({ topic });
    setText(problem, '');
    setText(title.note, '');
    if (topic === '') {
      table.update([]);
      return;
    }
    try {
      const { problem: given, reached, explanations } = await ask<TopicAnswer>('explain', { topic });
      if (input.value !== topic) return;
      setText(problem, given ?? '');
      const { shown, all } = explanations;
      const closest = all > shown.length ? `; the ${shown.length} closest are listed` : '';
      setText(title.note, given === undefined ? `It reaches ${reached} of ${countOf(all)} handlers${closest}.` : '');
      table.update(shown.map((explanation, id) => ({ ...explanation, id })));
    } catch (error) {
      setText(problem, (error as Error).message);
    }
  }
  let timer: number | undefined;
  input.value = parameter('topic');
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void explain(), 200);
  });
  if (input.value !== '') void explain();
  return element(
    'section',
    {},
    title.element,
    element('div', { class: 'filter' }, labelled('Topic', input, 'grow')),
    problem,
    table.element,
  );
}

/** The live tail of a filter. */
function tailSection(): { readonly element: HTMLElement; readonly update: (snapshot: Snapshot) => void } {
  const title = heading('Live tail');
  const filter = element('input', {
    class: 'mono',
    placeholder: 'devices/+/temperature',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const broker = element('select');
  const payloads = element('input', { type: 'checkbox' });
  const button = element('button', { class: 'main' }, 'Listen');
  const state = element('output', { class: 'soft' });
  const brokerField = labelled('Broker', broker);
  const payloadField = element('label', { class: 'row' }, payloads, 'Show payloads');
  const form = element('form', {}, labelled('Topic Filter', filter, 'grow'), brokerField, payloadField, button);
  const table = new Table<TailRow>(
    'Live messages',
    [
      { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
      {
        title: 'Topic',
        kind: 'code',
        cell: ({ topic, payload, userProperties }) => ({
          text: topic,
          sub:
            [payload, ...userProperties.map(([name, value]) => `${name}: ${value}`)]
              .filter((text) => text !== undefined)
              .join('\n') || undefined,
        }),
      },
      {
        title: 'Reaches',
        kind: 'code',
        cell: ({ reaches }) =>
          reaches.length === 0 ? { text: 'no handler here', tone: 'warn' } : { text: reaches.join(', '), tone: 'good' },
      },
      {
        title: 'QoS',
        kind: 'num',
        cell: ({ qos, retain }) => (retain ? { text: String(qos), sub: 'retained' } : String(qos)),
      },
      { title: 'Size', kind: 'num', cell: ({ size }) => ({ text: sizeOf(size), title: `${size} bytes` }) },
    ],
    [
      'Not listening.',
      'Enter a Topic Filter to see the messages that the broker delivers for it, and the handlers they reach. The client subscribes at QoS 0 until you stop.',
    ],
  );
  let source: EventSource | undefined;
  let heard: TailRow[] = [];
  let latest = 0;
  let skipped = 0;
  function stop(text: string): void {
    source?.close();
    source = undefined;
    setText(button, 'Listen');
    setText(state, text);
  }
  function listen(): void {
    heard = [];
    skipped = 0;
    table.update([]);
    setParameters({ tail: filter.value, broker: broker.value });
    source = new EventSource(
      below('tail', { filter: filter.value, broker: broker.value, ...(payloads.checked && { payloads: '1' }) }),
    );
    setText(button, 'Stop');
    setText(state, `Listening to ${filter.value} …`);
    source.addEventListener('tail', ({ data }: MessageEvent<string>) => {
      const frame = JSON.parse(data) as TailFrame;
      skipped += frame.skipped;
      heard = [...frame.messages.map((message) => ({ ...message, id: ++latest })).toReversed(), ...heard].slice(
        0,
        KEPT,
      );
      setText(title.note, skipped > 0 ? `${countOf(skipped)} more were not shown` : '');
      table.update(heard);
    });
    source.addEventListener('failed', ({ data }: MessageEvent<string>) =>
      stop((JSON.parse(data) as { text: string }).text),
    );
    source.addEventListener('error', () => {
      const url = source?.url ?? '';
      stop('The server ended the tail.');
      // an EventSource does not say why
      void ask('tail-check', Object.fromEntries(new URL(url).searchParams)).catch((error: unknown) =>
        setText(state, (error as Error).message),
      );
    });
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (source) stop('Stopped.');
    else if (filter.value !== '') listen();
  });
  filter.value = parameter('tail');
  let known = '';
  return {
    element: element('section', {}, title.element, form, state, table.element),
    update({ clients, may }) {
      payloadField.hidden = !may.payloads;
      if (clients.join('\n') === known && broker.children.length > 0) return;
      known = clients.join('\n');
      broker.replaceChildren(...brokerOptions(clients));
      brokerField.hidden = clients.length < 2;
    },
  };
}
