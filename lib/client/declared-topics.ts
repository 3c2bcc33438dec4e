import { TopicFilter } from '../protocol/topic-filter.js';
import { TopicFilterTree } from '../routing/topic-filter-tree.js';
import { parseTopicTemplate } from '../routing/topic-template.js';

/** Finds the declared form of a topic: there are few of those, and may be a topic for each device. */
export class DeclaredTopics {
  private readonly places = new TopicFilterTree<number>();

  /** @throws InvalidTopicError when one is no topic with captures or wildcards */
  constructor(private readonly templates: readonly string[]) {
    for (const [place, template] of templates.entries())
      this.places.add(TopicFilter.parse(parseTopicTemplate(template).filter), place);
  }

  /** The first that matches. */
  templateOf(topic: string): string | undefined {
    if (this.templates.length === 0) return undefined;
    return this.templates[Math.min(...this.places.match(topic))];
  }
}
