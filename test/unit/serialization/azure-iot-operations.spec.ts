import { describe, expect, it } from '@jest/globals';
import type { UserProperties } from '../../../lib/protocol/application-message.js';
import {
  azureFailure,
  readAzureFailure,
  withAzureProperties,
} from '../../../lib/serialization/azure-iot-operations.js';

const MESSAGE = { topic: 'a', payload: '1', qos: 1, retain: false } as const;

describe('azureFailure', () => {
  it.each(['rpc', 'internal', 'cancelled', 'a newer one', 'constructor'])(
    'says of "%s" that the application failed',
    (code) => {
      expect(azureFailure(code, 'no', undefined)).toEqual({ __stat: '500', __stMsg: 'no', __apErr: 'true' });
    },
  );

  it.each([
    ['bad-request', undefined, { __stat: '400', __stMsg: 'no' }],
    ['timeout', 1_500, { __stat: '408', __stMsg: 'no', __propName: 'ExecutionTimeout', __propVal: 'PT1.5S' }],
  ])('says of "%s" which status it has', (code, timeoutMs, expected) => {
    expect(azureFailure(code, 'no', timeoutMs)).toEqual(expected);
  });

  it('sends what every receiver takes', () => {
    expect(azureFailure('rpc', 'a\nb\0c\ud800', undefined)['__stMsg']).toBe('a bc\ufffd');
  });
});

describe('readAzureFailure', () => {
  it.each<UserProperties>([
    {},
    { __stat: '200' },
    { __stat: '204', __stMsg: 'fine' },
    { __stat: '200', __protVer: '1.12' },
    { __apErr: 'true' },
  ])('finds none in %j', (properties) => {
    expect(readAzureFailure(properties)).toBeUndefined();
  });

  it.each([
    [undefined, false],
    ['', false],
    ['false', false],
    ['FALSE', false],
    ['true', true],
    ['1', true],
  ])('takes __apErr %j for %j', (text, expected) => {
    const failure = readAzureFailure({ __stat: '500', ...(text !== undefined && { __apErr: text }) });
    expect([failure!.error.isApplicationError, failure!.code]).toEqual([expected, expected ? 'rpc' : 'internal']);
  });

  it.each(['2.0', '0.9', '1', 'one', '1.0.0', ''])(
    'takes a reply in version "%s" for one that it cannot read',
    (version) => {
      expect(readAzureFailure({ __stat: '200', __protVer: version })!.code).toBe('unsupported-version');
    },
  );

  it('takes the first of several statuses, and any text for a failure', () => {
    expect(readAzureFailure({ __stat: ['400', '200'] })!.code).toBe('bad-request');
    expect(readAzureFailure({ __stat: '2e2' })!.error).toMatchObject({ statusCode: undefined, status: 'error' });
    expect(readAzureFailure({ __stat: 'constructor' })!.code).toBe('internal');
  });
});

describe('withAzureProperties', () => {
  it('adds to what there is, and changes nothing', () => {
    const message = Object.freeze({
      ...MESSAGE,
      properties: Object.freeze({ contentType: 'application/json', userProperties: Object.freeze({ a: '1' }) }),
    });
    expect(withAzureProperties(message, { __stat: '200' })).toEqual({
      ...MESSAGE,
      properties: {
        contentType: 'application/json',
        payloadFormatIndicator: true,
        userProperties: { a: '1', __protVer: '1.0', __stat: '200' },
      },
    });
  });

  it.each([
    ['text/plain', undefined, true],
    ['application/octet-stream', undefined, undefined],
    [undefined, undefined, undefined],
    ['application/json', false, false],
  ])('with Content Type %j and Payload Format Indicator %j sends %j', (contentType, given, expected) => {
    const properties = {
      ...(contentType !== undefined && { contentType }),
      ...(given !== undefined && { payloadFormatIndicator: given }),
    };
    expect(withAzureProperties({ ...MESSAGE, properties }, {}).properties!.payloadFormatIndicator).toBe(expected);
  });
});
