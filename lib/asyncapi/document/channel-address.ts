import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD } from '../../protocol/topic-filter.js';
import type { Capture } from '../../routing/topic-template.js';
import type { AsyncApiParameter } from './async-api-document.js';
import { UniqueNames } from './unique-names.js';

/** A Topic Filter as the address of a channel. */
export interface ChannelAddress {
  /** With `{name}` for every variable level. */
  readonly address: string;
  readonly parameters: Record<string, AsyncApiParameter>;
}

/** Characters with a meaning in an address: braces mark a parameter, a question mark starts a query. */
const NOT_LITERAL = /[{}?]/;

/**
 * Captures become parameters. So do wildcards, named after their level, and levels with reserved characters, as an enum of one value.
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
  // captures first: their names take precedence over generated names
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
      const description = `All levels of the topic from level ${level + 1} on; may be none`;
      return parameter('rest', { description, 'x-wildcard': MULTI_LEVEL_WILDCARD });
    }
    return NOT_LITERAL.test(text) ? parameter(`literal${level + 1}`, { enum: [text] }) : text;
  });
  return { address: address.join('/'), parameters };
}

/** The reply topic of Nest's wire format, which requests use on 3.1.1. */
export function nestReplyAddress({ address, parameters }: ChannelAddress): ChannelAddress {
  return { address: `${address}/reply`, parameters };
}

function oneLevel(level: number): string {
  return `Level ${level + 1} of the topic`;
}
