import type { ActionResult, ConnectionView, FormView, HandlerView, Snapshot } from '../views/snapshot.js';
import { act, ask, parameter, setParameters } from './address.js';
import { element, labelled, setText } from './dom.js';
import { PayloadEditor } from './payload-editor.js';
import { TopicLevels } from './topic-levels.js';
import { brokerOptions } from './brokers.js';
import type { View } from './view.js';

/** Publishes messages and sends requests, if `allow` permits it. */
export function send(): View {
  const handlers = new HandlerChoice((view) => void choose(view));
  const broker = element('select');
  const brokerField = labelled('Broker', broker);
  const topic = element('input', {
    class: 'mono',
    required: '',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'devices/7/set',
  });
  const levels = new TopicLevels((filled) => (topic.value = filled));
  const summary = element('p', { class: 'lead full' });
  const payload = new PayloadEditor();
  const qos = element('select', {}, ...['0', '1', '2'].map((level) => element('option', { value: level }, level)));
  const retain = element('input', { type: 'checkbox' });
  const publish = element('button', { class: 'main', value: 'publish' }, 'Publish');
  const request = element('button', { class: 'main', value: 'request' }, 'Request');
  const result = element('output');
  const reply = element('pre', { tabindex: '0', 'aria-label': 'Reply' });
  const form = element(
    'form',
    { class: 'card' },
    handlers.element,
    brokerField,
    labelled('Topic', topic, 'grow'),
    labelled('QoS', qos),
    element('label', { class: 'row' }, retain, 'Retain'),
    summary,
    levels.element,
    payload.element,
    publish,
    request,
    element('div', { class: 'full' }, result, reply),
  );
  summary.hidden = reply.hidden = true;
  async function choose(view: HandlerView | undefined): Promise<void> {
    setParameters({ to: view?.template ?? '' });
    publish.className = view?.kind === 'request' ? '' : 'main';
    request.className = view?.kind === 'event' ? '' : 'main';
    say('');
    reply.hidden = true;
    const made = view && (await formOf(view));
    if (handlers.chosen !== view) return;
    levels.show(made?.levels ?? []);
    payload.show(made);
    setText(summary, made?.summary ?? '');
    summary.hidden = made?.summary === undefined;
    broker.value = view?.broker ?? '';
  }
  async function formOf({ id }: HandlerView): Promise<FormView | undefined> {
    try {
      return await ask<FormView>('form', { handler: id });
    } catch (error) {
      say(`Cannot load the form: ${(error as Error).message}`, 'bad');
      return undefined;
    }
  }
  function say(text: string, tone = 'soft'): void {
    result.className = tone;
    setText(result, text);
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run((event.submitter as HTMLButtonElement | null)?.value ?? 'publish');
  });
  async function run(action: string): Promise<void> {
    reply.hidden = true;
    say('…');
    try {
      const done = await act<ActionResult>(action, {
        broker: broker.value,
        topic: topic.value,
        payload: payload.value(),
        qos: Number(qos.value),
        retain: action === 'publish' && retain.checked,
      });
      say(done.text, done.ok ? 'good' : 'bad');
      reply.hidden = done.reply === undefined;
      setText(reply, done.reply ?? '');
    } catch (error) {
      say(error instanceof SyntaxError ? `The payload is not JSON: ${error.message}` : (error as Error).message, 'bad');
    }
  }
  let clients = '\n';
  return {
    name: 'send',
    title: 'Send',
    element: element(
      'section',
      {},
      element('h2', {}, 'Send a message'),
      element('p', { class: 'lead' }, 'The client of this application publishes it. Each message is logged.'),
      form,
    ),
    allowed: ({ may }) => may.publish || may.request,
    update({ may, handlers: { shown }, connections, clients: given }: Snapshot) {
      publish.hidden = !may.publish;
      request.hidden = !may.request;
      if (given.join('\n') !== clients) {
        clients = given.join('\n');
        broker.replaceChildren(...brokerOptions(given));
        brokerField.hidden = given.length < 2;
      }
      handlers.update(shown, connections);
    },
  };
}

/** A select of handlers, or any topic. */
class HandlerChoice {
  readonly element: HTMLElement;
  private readonly select = element('select', {}, element('option', { value: '' }, 'any topic'));
  private readonly known = new Map<string, HandlerView>();
  /** From the URL of the page. */
  private wanted = parameter('to');

  constructor(private readonly choose: (view: HandlerView | undefined) => void) {
    this.element = labelled('Handler', this.select, 'grow');
    this.select.addEventListener('change', () => this.choose(this.chosen));
  }

  get chosen(): HandlerView | undefined {
    return this.known.get(this.select.value);
  }

  update(shown: readonly HandlerView[], connections: readonly ConnectionView[]): void {
    const open = new Set(connections.map(({ id }) => id));
    for (const [id, { connection }] of this.known) if (!open.has(connection)) this.forget(id);
    for (const view of shown) {
      if (this.known.has(view.id)) continue;
      this.known.set(view.id, view);
      const option = element('option', {}, `${view.template} (${view.kind})`);
      option.value = view.id;
      this.select.append(option);
      if (view.template !== this.wanted) continue;
      this.wanted = '';
      this.select.value = view.id;
      this.choose(view);
    }
  }

  /** The connection is closed; a new connection gives the handler another id. */
  private forget(id: string): void {
    if (this.select.value === id) this.wanted = this.known.get(id)!.template;
    this.known.delete(id);
    [...this.select.options].find(({ value }) => value === id)?.remove();
  }
}
