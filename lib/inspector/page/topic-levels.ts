import type { LevelView } from '../views/snapshot.js';
import { element, labelled } from './dom.js';

/** Fields for the captures and wildcards of a handler's topic. */
export class TopicLevels {
  readonly element = element('fieldset', { class: 'full' });
  private levels: readonly (readonly [LevelView, HTMLInputElement | undefined])[] = [];

  /** @param changed called with the topic; levels that are not filled in are `{name}` */
  constructor(private readonly changed: (topic: string) => void) {
    this.show([]);
  }

  show(levels: readonly LevelView[]): void {
    this.levels = levels.map((level) => [level, level.text === undefined ? inputOf(level) : undefined]);
    const open = this.levels.flatMap(([{ name = '' }, input]) => (input ? [labelled(name, input)] : []));
    for (const [, input] of this.levels) input?.addEventListener('input', () => this.changed(this.topic));
    this.element.replaceChildren(element('legend', {}, 'Levels of the topic'), ...open);
    this.element.hidden = open.length === 0;
    if (levels.length > 0) this.changed(this.topic);
  }

  focus(): void {
    this.levels.find(([, input]) => input)?.[1]?.focus();
  }

  private get topic(): string {
    return this.levels.map(([{ text, name = '' }, input]) => text ?? (input?.value || `{${name}}`)).join('/');
  }
}

function inputOf({ description }: LevelView): HTMLInputElement {
  const input = element('input', { class: 'mono', autocomplete: 'off', spellcheck: 'false', required: '' });
  if (description !== undefined) input.title = description;
  return input;
}
