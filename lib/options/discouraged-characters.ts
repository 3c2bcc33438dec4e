import { InvalidTopicError } from '../errors/invalid-topic.error.js';
import { discouragedCharacter } from '../protocol/utf8-string.js';

/** The option `discouragedCharacters` of a connection. */
export type DiscouragedCharacters = 'refuse' | 'allow';

/** What to do about a discouraged character. */
export const DISCOURAGED_REMEDY = "Remove it, or set discouragedCharacters: 'allow' if the broker accepts it";

/** Why `text`, a UTF-8 Encoded String, must not be sent with this option; undefined when it may. */
export function discouragedProblem(text: string, option: DiscouragedCharacters): string | undefined {
  const character = option === 'allow' ? undefined : discouragedCharacter(text);
  return (
    character && `it contains ${character}, for which brokers such as Mosquitto close the connection (section 1.5.4)`
  );
}

/** @throws InvalidTopicError when `topic`, a valid Topic Name or Topic Filter, must not be sent with this option */
export function refuseDiscouraged(topic: string, option: DiscouragedCharacters): void {
  const problem = discouragedProblem(topic, option);
  if (problem !== undefined) throw new InvalidTopicError(topic, `${problem}. ${DISCOURAGED_REMEDY}`);
}
