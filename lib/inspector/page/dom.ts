// DOM helpers. Text from messages is only ever set as text, never as markup.

type Child = Node | string;
type Attributes = Readonly<Record<string, string>>;

/** Creates an element. Attributes never contain text from messages. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** Sets a text only if it differs, to avoid repaints. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Sets a topic that can wrap between its levels. */
export function setTopic(target: Element, text: string): void {
  if (target.textContent === text) return;
  target.replaceChildren(
    ...text.split('/').flatMap((level, i) => (i === 0 ? [level] : ['/', document.createElement('wbr'), level])),
  );
}

export function setAttribute(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) {
    if (target.hasAttribute(name)) target.removeAttribute(name);
  } else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** A field with its label. */
export function labelled(text: string, field: HTMLElement, className = ''): HTMLLabelElement {
  return element('label', className ? { class: className } : {}, text, field);
}
