import type { Snapshot } from '../views/snapshot.js';
import { below, parameter, setParameters } from './address.js';
import { deadLetters } from './dead-letters.js';
import { element, setAttribute, setText } from './dom.js';
import { timeOf } from './format.js';
import { handlers } from './handlers.js';
import { messages } from './messages.js';
import { overview } from './overview.js';
import { send } from './send.js';
import { topics } from './topics.js';
import type { View } from './view.js';

const views: readonly View[] = [overview(), handlers(), messages(), deadLetters(), topics(), send()];
const live = element('span', { class: 'live off', role: 'status' }, 'connecting …');
const pause = element('button', { 'aria-pressed': 'false' }, 'Pause');
const links = new Map(
  views.map(
    (view) =>
      [view, element('a', { href: `?view=${view.name}` }, view.title, element('span', { class: 'count' }))] as const,
  ),
);
const main = element('main', { id: 'main', tabindex: '-1' }, ...views.map((view) => view.element));
let latest: Snapshot | undefined;
let paused = false;
let shown = views[0]!;

function show(view: View): void {
  shown = view;
  for (const each of views) {
    each.element.hidden = each !== view;
    setAttribute(links.get(each)!, 'aria-current', each === view ? 'page' : undefined);
  }
  links.get(view)!.scrollIntoView({ block: 'nearest', inline: 'center' }); // on a phone the row of links overflows
  document.title = `${view.title} – MQTT inspector`;
  if (latest) view.update(latest);
}

function update(snapshot: Snapshot): void {
  latest = snapshot;
  for (const view of views) {
    view.record?.(snapshot);
    const link = links.get(view)!;
    link.hidden = view.allowed?.(snapshot) === false;
    setText(link.lastElementChild!, view.count?.(snapshot) ?? '');
  }
  if (links.get(shown)!.hidden) show(views[0]!);
  else shown.update(snapshot);
  setText(live, snapshot.oneIn > 1 ? `live, sampling 1 in ${snapshot.oneIn} messages` : 'live, every message');
}

for (const [view, link] of links) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    setParameters({ view: view.name });
    show(view);
  });
}
pause.addEventListener('click', () => {
  paused = !paused;
  setAttribute(pause, 'aria-pressed', String(paused));
  setText(pause, paused ? 'Resume' : 'Pause');
  if (paused) setText(live, `paused at ${timeOf(Date.now())}`);
});

document.body.append(
  element('a', { class: 'skip', href: '#main' }, 'Skip to content'),
  element(
    'header',
    {},
    element(
      'div',
      { class: 'bar' },
      element('h1', {}, 'MQTT inspector'),
      live,
      pause,
      element('nav', { 'aria-label': 'Views' }, ...links.values()),
    ),
  ),
  main,
);
show(views.find(({ name }) => name === parameter('view')) ?? shown);

const source = new EventSource(below('snapshots'));
source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
  live.className = 'live on';
  if (!paused) update(JSON.parse(data) as Snapshot);
});
source.addEventListener('error', () => {
  live.className = 'live off';
  setText(
    live,
    source.readyState === EventSource.CLOSED
      ? 'The server refuses the connection: reload the page.'
      : 'not connected to the server, retrying …',
  );
});
