import { InvalidTopicError } from '../errors/invalid-topic.error.js';
import { discouragedCharacter } from '../protocol/utf8-string.js';

/** The option `discouragedCharacters` of a connection: whether what is sent may hold them. */
export type DiscouragedCharacters = 'refuse' | 'allow';

/** What to do about a discouraged character. */
export const DISCOURAGED_REMEDY = "Leave it out, or set discouragedCharacters: 'allow' where the broker takes it";

/** What forbids `text`, a UTF-8 Encoded String, in what a connection with that option sends; undefined when nothing does. */
export function discouragedProblem(text: string, option: DiscouragedCharacters): string | undefined {
  const character = option === 'allow' ? undefined : discouragedCharacter(text);
  return (
    character && `it contains ${character}, over which brokers such as Mosquitto end the connection (section 1.5.4)`
  );
}

/** @throws InvalidTopicError when a connection with that option does not send `topic`, a valid Topic Name or Topic Filter */
export function refuseDiscouraged(topic: string, option: DiscouragedCharacters): void {
  const problem = discouragedProblem(topic, option);
  if (problem !== undefined) throw new InvalidTopicError(topic, `${problem}. ${DISCOURAGED_REMEDY}`);
}
