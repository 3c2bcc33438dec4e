import type { Snapshot } from '../views/snapshot.js';
import { element, labelled } from './dom.js';
import { parameter, setParameters } from './address.js';

/** One view of the page. */
export interface View {
  readonly name: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** A count beside the title. */
  count?(snapshot: Snapshot): string;
  /** Called with every snapshot, also while another view is shown. */
  record?(snapshot: Snapshot): void;
  /** Whether the view is available. */
  allowed?(snapshot: Snapshot): boolean;
  update(snapshot: Snapshot): void;
}

/** A heading with a note that changes. */
export function heading(text: string): { readonly element: HTMLElement; readonly note: HTMLElement } {
  const note = element('span', { class: 'note' });
  return { element: element('h2', {}, text, note), note };
}

/** A field that filters a list; its value is kept in the URL. */
export function filterField(
  name: string,
  placeholder: string,
  changed: () => void,
): { readonly element: HTMLElement; matches(...texts: readonly (string | undefined)[]): boolean } {
  const input = element('input', { type: 'search', placeholder, class: 'mono' });
  input.value = parameter(name);
  input.addEventListener('input', () => {
    setParameters({ [name]: input.value });
    changed();
  });
  return {
    element: element('div', { class: 'filter' }, labelled('Filter', input, 'grow')),
    matches: (...texts) => {
      const wanted = input.value.trim().toLowerCase();
      return wanted === '' || texts.some((text) => text?.toLowerCase().includes(wanted));
    },
  };
}
