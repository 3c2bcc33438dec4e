import type { ConnectionView, EventView, Snapshot } from '../views/snapshot.js';
import { element, setAttribute, setText } from './dom.js';
import { countOf, durationOf, exactTime, rateOf, timeOf } from './format.js';
import { Spark } from './spark.js';
import { Table, timeCell } from './table.js';
import type { View } from './view.js';

const FIGURES: readonly (readonly [string, (view: ConnectionView) => string, ('server' | 'client')?])[] = [
  ['Subscribed', ({ granted, wanted }) => `${countOf(granted)} of ${countOf(wanted)}`],
  ['Running', ({ running }) => countOf(running), 'server'],
  ['Waiting', ({ waiting }) => countOf(waiting), 'server'],
  ['Withheld', ({ withheld }) => countOf(withheld), 'server'],
  ['Unsettled', ({ unsettled }) => countOf(unsettled), 'server'],
  ['Oldest', ({ oldestUnsettled }) => durationOf(oldestUnsettled), 'server'],
  ['Requests', ({ pendingRequests }) => countOf(pendingRequests), 'client'],
  ['To send', ({ queued }) => countOf(queued)],
  ['In flight', ({ inFlight }) => countOf(inFlight)],
  ['Reconnects', ({ reconnects }) => countOf(reconnects)],
];

const TOTALS: readonly (readonly [string, (snapshot: Snapshot) => string])[] = [
  ['Messages', ({ totals: { rate } }) => rateOf(rate)],
  ['Running', ({ totals: { running } }) => countOf(running)],
  ['Waiting', ({ totals: { waiting } }) => countOf(waiting)],
  ['Failures', ({ totals: { failures } }) => countOf(failures)],
  ['Dead letters', ({ deadLetters: { all } }) => countOf(all)],
  ['Dropped', ({ drops: { all } }) => countOf(all)],
];

/** The totals of all handlers. */
class TotalsCard {
  readonly element: HTMLElement;
  private readonly values = TOTALS.map(([, value]) => [element('dd'), value] as const);
  private readonly rates = new Spark();

  constructor() {
    const figures = TOTALS.map(([term], i) => element('div', {}, element('dt', {}, term), this.values[i]![0]));
    this.element = element(
      'div',
      { class: 'card totals' },
      element('dl', { class: 'figures' }, ...figures),
      this.rates.element,
    );
  }

  record({ totals: { rate } }: Snapshot): void {
    if (rate !== undefined) this.rates.add(rate);
  }

  update(snapshot: Snapshot): void {
    for (const [target, value] of this.values) setText(target, value(snapshot));
  }
}

/** The figures of one connection. */
class ConnectionCard {
  readonly element: HTMLElement;
  private readonly state = element('span', { class: 'tag' });
  private readonly values: readonly (readonly [HTMLElement, (view: ConnectionView) => string])[];
  private readonly bar = element('progress', { 'aria-label': 'Window in use' });
  private readonly used = element('span');
  private readonly window: HTMLElement;
  private readonly trouble = element('p', { class: 'trouble' });

  constructor({ role, name, broker, clientId, protocolVersion }: ConnectionView) {
    const figures = FIGURES.filter(([, , only]) => only === undefined || only === role);
    this.values = figures.map(([, value]) => [element('dd'), value]);
    this.window = element(
      'div',
      { class: 'window' },
      element('div', { class: 'label' }, element('span', {}, 'Window (Receive Maximum)'), this.used),
      this.bar,
    );
    const title = `${role === 'server' ? 'Server' : 'Client'}${name === undefined ? '' : ` “${name}”`}`;
    this.element = element(
      'article',
      { class: 'card' },
      element('h3', {}, title, this.state),
      element('p', { class: 'where' }, `${broker} · ${clientId} · MQTT ${protocolVersion === 5 ? '5.0' : '3.1.1'}`),
      element(
        'dl',
        { class: 'figures' },
        ...figures.map(([term], i) => element('div', {}, element('dt', {}, term), this.values[i]![0])),
      ),
      this.window,
      this.trouble,
    );
  }

  update(view: ConnectionView): void {
    const { connected, since, window, lastError, refused, blockedBy } = view;
    setText(this.state, connected ? 'connected' : 'not connected');
    setAttribute(this.state, 'class', connected ? 'tag' : 'tag bad');
    setAttribute(this.state, 'title', since === undefined ? undefined : `since ${exactTime(since)}`);
    for (const [target, value] of this.values) setText(target, value(view));
    this.window.hidden = window === undefined;
    if (window) {
      this.bar.max = window.size;
      this.bar.value = window.used;
      this.bar.className = blockedBy === undefined ? '' : 'full';
      setText(this.used, `${countOf(window.used)} of ${countOf(window.size)}`);
    }
    const troubles = [
      ...(blockedBy === undefined ? [] : [`Delivery is blocked: ${blockedBy}.`]),
      ...refused.map(({ filter, reason }) => `Refused: ${filter} (${reason})`),
      ...(lastError ? [`Last error, ${timeOf(lastError.at)}: ${lastError.text}`] : []),
    ];
    setText(this.trouble, troubles.join(' · ') || 'No errors so far.');
    setAttribute(
      this.trouble,
      'class',
      `trouble ${blockedBy !== undefined || refused.length > 0 || !connected ? 'bad' : 'soft'}`,
    );
  }
}

export function overview(): View {
  const cards = new Map<string, ConnectionCard>();
  const list = element('div', { class: 'cards' });
  const none = element(
    'div',
    { class: 'card empty' },
    element('strong', {}, 'No server or client has started.'),
    'Start the server with startAllMicroservices() or listen(). A client connects on first use. Servers and clients that MqttModule does not provide need the option observers.',
  );
  const names = new Map<string, string>();
  const events = new Table<EventView>(
    'Connection events',
    [
      { title: 'Time', kind: 'fix', cell: ({ at }) => timeCell(at) },
      { title: 'Connection', kind: 'fix', cell: ({ connection }) => names.get(connection) ?? 'closed' },
      { title: 'Event', kind: 'wide', cell: ({ text }) => text },
    ],
    ['No events yet.', 'Connections, lost connections and refused subscriptions are listed here.'],
  );
  const totals = new TotalsCard();
  return {
    name: 'overview',
    title: 'Overview',
    element: element(
      'div',
      {},
      element('section', {}, element('h2', {}, 'All handlers'), totals.element),
      element('section', {}, element('h2', {}, 'Connections'), list, none),
      element('section', {}, element('h2', {}, 'Events'), events.element),
    ),
    record: (snapshot) => totals.record(snapshot),
    update(snapshot: Snapshot) {
      const { connections, events: happened } = snapshot;
      totals.update(snapshot);
      none.hidden = connections.length > 0;
      names.clear();
      for (const view of connections) {
        names.set(view.id, `${view.role}${view.name === undefined ? '' : ` ${view.name}`}`);
        let card = cards.get(view.id);
        if (!card) {
          cards.set(view.id, (card = new ConnectionCard(view)));
          list.append(card.element);
        }
        card.update(view);
      }
      for (const [id, card] of cards)
        if (!names.has(id)) {
          card.element.remove();
          cards.delete(id);
        }
      events.update(happened);
    },
  };
}
