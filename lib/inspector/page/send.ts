import type { ActionResult, HandlerView, Snapshot } from '../views/snapshot.js';
import { act } from './address.js';
import { element, labelled, setText } from './dom.js';
import { brokerOptions } from './topics.js';
import type { View } from './view.js';

/** Publishes, or asks a handler, where the application allows it. */
export function send(): View {
  const handler = element('select', {}, element('option', { value: '' }, 'any topic'));
  const broker = element('select');
  const brokerField = labelled('Broker', broker);
  const topic = element('input', {
    class: 'mono',
    required: '',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'devices/7/set',
  });
  const payload = element('textarea', { class: 'mono', spellcheck: 'false' });
  payload.value = '{\n  \n}';
  const qos = element('select', {}, ...['0', '1', '2'].map((level) => element('option', { value: level }, level)));
  const retain = element('input', { type: 'checkbox' });
  const publish = element('button', { class: 'main', value: 'publish' }, 'Publish');
  const request = element('button', { class: 'main', value: 'request' }, 'Request');
  const result = element('output');
  const reply = element('pre', { tabindex: '0', 'aria-label': 'Reply' });
  reply.hidden = true;
  const form = element(
    'form',
    { class: 'card' },
    labelled('Handler', handler, 'grow'),
    brokerField,
    labelled('Topic', topic, 'grow'),
    labelled('QoS', qos),
    element('label', { class: 'row' }, retain, 'Retain'),
    labelled('Payload, in JSON', payload, 'full'),
    publish,
    request,
    element('div', { class: 'full' }, result, reply),
  );
  handler.addEventListener('change', () => {
    const { template = '', broker: of = '' } = known.get(handler.value) ?? {};
    topic.value = template;
    broker.value = of;
    // what is to be replaced is selected
    const capture = /\{[^}]*\}|\+|#/.exec(template);
    topic.focus();
    if (capture) topic.setSelectionRange(capture.index, capture.index + capture[0].length);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const action = (event.submitter as HTMLButtonElement | null)?.value ?? 'publish';
    void run(action);
  });
  async function run(action: string): Promise<void> {
    reply.hidden = true;
    result.className = 'soft';
    setText(result, '…');
    try {
      const value: unknown = JSON.parse(payload.value);
      const done = await act<ActionResult>(action, {
        broker: broker.value,
        topic: topic.value,
        payload: value,
        qos: Number(qos.value),
        retain: action === 'publish' && retain.checked,
      });
      result.className = done.ok ? 'good' : 'bad';
      setText(result, done.text);
      reply.hidden = done.reply === undefined;
      setText(reply, done.reply ?? '');
    } catch (error) {
      result.className = 'bad';
      setText(
        result,
        error instanceof SyntaxError ? `The payload is no JSON: ${error.message}` : (error as Error).message,
      );
    }
  }
  const known = new Map<string, HandlerView>();
  let clients = '\n';
  return {
    name: 'send',
    title: 'Send',
    element: element(
      'section',
      {},
      element('h2', {}, 'Send a message'),
      element(
        'p',
        { class: 'lead' },
        'It goes out over the client of this application. Each leaves a line in its log.',
      ),
      form,
    ),
    allowed: ({ may }) => may.publish || may.request,
    update({ may, handlers: { shown }, clients: given }: Snapshot) {
      publish.hidden = !may.publish;
      request.hidden = !may.request;
      if (given.join('\n') !== clients) {
        clients = given.join('\n');
        broker.replaceChildren(...brokerOptions(given));
        brokerField.hidden = given.length < 2;
      }
      for (const view of shown) {
        if (known.has(view.id)) continue;
        known.set(view.id, view);
        const option = element('option', {}, `${view.template} (${view.kind})`);
        option.value = view.id;
        handler.append(option);
      }
    },
  };
}
