import { TopicFilter } from '../protocol/topic-filter.js';
import { TopicFilterTree } from '../routing/topic-filter-tree.js';
import { parseTopicTemplate } from '../routing/topic-template.js';

/** Finds the template of a topic, for observers: there are few templates, but possibly a topic for each device. */
export class DeclaredTopics {
  private readonly places = new TopicFilterTree<number>();

  /** @throws InvalidTopicError when one is not a valid topic with captures or wildcards */
  constructor(private readonly templates: readonly string[]) {
    for (const [place, template] of templates.entries())
      this.places.add(TopicFilter.parse(parseTopicTemplate(template).filter), place);
  }

  /** The first template that matches. */
  templateOf(topic: string): string | undefined {
    if (this.templates.length === 0) return undefined;
    return this.templates[Math.min(...this.places.match(topic))];
  }
}
