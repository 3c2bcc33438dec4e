import { describe, expect, it } from '@jest/globals';
import { assertPublishOptions, PUBLISH_NAMES } from '../../../lib/options/publish-options.js';
import { MqttResponse } from '../../../lib/records/mqtt-response.js';
import { PublishTo } from '../../../lib/routing/decorators/publish-to.decorator.js';
import { problemsOf } from './problems.js';

const wrong = {
  qos: 3,
  retain: 'yes',
  messageExpiryInterval: -1,
  contentType: 'a\0',
  payloadFormatIndicator: 1,
  userProperties: 'a=b',
};
const names = Object.keys(wrong);

describe('the options of one message', () => {
  it('are checked all at once', () => {
    expect(problemsOf(() => assertPublishOptions('it', wrong as object, PUBLISH_NAMES)).toSorted()).toEqual(
      names.map((name) => `it.${name}`).toSorted(),
    );
    expect(problemsOf(() => assertPublishOptions('it', {}, PUBLISH_NAMES))).toEqual([]);
    const edges = { qos: 2 as const, retain: false, messageExpiryInterval: 0xffff_ffff, contentType: '' };
    expect(problemsOf(() => assertPublishOptions('it', edges, PUBLISH_NAMES))).toEqual([]);
  });

  it('are checked where they are said: by MqttResponse in the handler, by PublishTo at the class', () => {
    expect(problemsOf(() => new MqttResponse('x', wrong as object))).toHaveLength(names.length);
    expect(problemsOf(() => PublishTo('a/b', wrong as object))).toContain("@PublishTo('a/b').qos");
    expect(problemsOf(() => new MqttResponse('x', Object.freeze({ qos: 1 as const })))).toEqual([]);
  });

  it('hold User Properties that can be sent', () => {
    const userProperties = { a: 7, 'nest-error': 'x' } as unknown as Record<string, string>;
    const expected = ['it.userProperties["a"]', 'it.userProperties["nest-error"]'];
    expect(problemsOf(() => assertPublishOptions('it', { userProperties }, PUBLISH_NAMES))).toEqual(expected);
    expect(problemsOf(() => new MqttResponse('x', { userProperties }))).toHaveLength(2);
  });

  it('may hold discouraged characters where the connection is not known yet', () => {
    const userProperties = { a: 'x\n' };
    expect(problemsOf(() => new MqttResponse('x', { contentType: 'a\n', userProperties }))).toEqual([]);
    expect(problemsOf(() => PublishTo('a\n', { userProperties }))).toEqual([]);
  });
});
