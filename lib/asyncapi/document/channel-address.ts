import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD } from '../../protocol/topic-filter.js';
import type { Capture } from '../../routing/topic-template.js';
import type { AsyncApiParameter } from './async-api-document.js';
import { UniqueNames } from './unique-names.js';

/** A Topic Filter as the address of a channel. */
export interface ChannelAddress {
  /** With `{name}` for every level that is not fixed. */
  readonly address: string;
  readonly parameters: Record<string, AsyncApiParameter>;
}

/** What an address cannot hold as it is: braces make a parameter of it, and a question mark the beginning of a query. */
const NOT_LITERAL = /[{}?]/;

/**
 * Captures become parameters; so do wildcards, with names made from their level, and levels that an address cannot hold, with the one
 * value that they have.
 *
 * @param filter without a group
 */
export function channelAddress(filter: string, captures: readonly Capture[]): ChannelAddress {
  const names = new UniqueNames('_');
  const parameters: Record<string, AsyncApiParameter> = {};
  const parameter = (name: string, value: AsyncApiParameter): string => {
    const unique = names.take(name);
    parameters[unique] = value;
    return `{${unique}}`;
  };
  const levels = filter.split('/');
  // captures first: the names that were given win over those that are made up
  const captured = new Map(
    captures
      .filter(({ level }) => level >= 0)
      .map(({ name, level }) => [level, parameter(name.replaceAll('$', '_'), { description: oneLevel(level) })]),
  );
  const address = levels.map((text, level) => {
    const capture = captured.get(level);
    if (capture !== undefined) return capture;
    if (text === SINGLE_LEVEL_WILDCARD) {
      return parameter(`level${level + 1}`, { description: oneLevel(level), 'x-wildcard': SINGLE_LEVEL_WILDCARD });
    }
    if (text === MULTI_LEVEL_WILDCARD) {
      const description = `All further levels of the topic, from level ${level + 1} on; there may be none`;
      return parameter('rest', { description, 'x-wildcard': MULTI_LEVEL_WILDCARD });
    }
    return NOT_LITERAL.test(text) ? parameter(`literal${level + 1}`, { enum: [text] }) : text;
  });
  return { address: address.join('/'), parameters };
}

/** Where Nest's wire format, in which 3.1.1 asks, has the replies to requests on an address. */
export function nestReplyAddress({ address, parameters }: ChannelAddress): ChannelAddress {
  return { address: `${address}/reply`, parameters };
}

function oneLevel(level: number): string {
  return `Level ${level + 1} of the topic`;
}
