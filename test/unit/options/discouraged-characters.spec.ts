import { describe, expect, it } from '@jest/globals';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { discouragedProblem, refuseDiscouraged } from '../../../lib/options/discouraged-characters.js';

describe('discouragedProblem', () => {
  it('says which character, and why it is refused', () => {
    expect(discouragedProblem('a\u0007b', 'refuse')).toMatch(/control character U\+0007.*Mosquitto.*1\.5\.4/);
    expect(discouragedProblem('a\u0007b', 'allow')).toBeUndefined();
    expect(discouragedProblem('a/b', 'refuse')).toBeUndefined();
  });
});

describe('refuseDiscouraged', () => {
  it('names topic, character and the option that allows it', () => {
    const topic = 'a/\uffff';
    const refuse = (): void => refuseDiscouraged(topic, 'refuse');
    expect(refuse).toThrow(InvalidTopicError);
    expect(refuse).toThrow(
      /^Invalid topic "a\/\uffff": it contains the noncharacter U\+FFFF.*discouragedCharacters: 'allow'/,
    );
    expect(() => refuseDiscouraged(topic, 'allow')).not.toThrow();
    expect(() => refuseDiscouraged('a/b', 'refuse')).not.toThrow();
  });
});
