import { ask } from './address.js';
import { element, setText } from './dom.js';

/** The content of a message, shown when a viewer opens it. */
interface Content {
  readonly payload: string;
  readonly userProperties: readonly (readonly [string, string])[];
}

/** A payload that is loaded when it is opened. */
export function payloadDetails(topic: string, path: string, query: Readonly<Record<string, string>>): HTMLElement {
  const text = element('pre', { tabindex: '0' });
  const summary = element('summary', { 'aria-label': `Payload of ${topic}` }, 'Payload');
  const details = element('details', { class: 'sub' }, summary, text);
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    ask<Content>(path, query).then(
      ({ payload, userProperties }) =>
        setText(text, [payload, ...userProperties.map(([name, value]) => `${name}: ${value}`)].join('\n')),
      (error: unknown) => setText(text, (error as Error).message),
    );
  });
  return details;
}
