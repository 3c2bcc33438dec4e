import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { BackpressureError } from '../../../lib/errors/backpressure.error.js';
import { ConnectionClosedError } from '../../../lib/errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../../../lib/errors/connection-refused.error.js';
import { DuplicateHandlerError } from '../../../lib/errors/duplicate-handler.error.js';
import { FeatureNotSupportedError } from '../../../lib/errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { MessageExpiredError } from '../../../lib/errors/message-expired.error.js';
import { MqttTransportError } from '../../../lib/errors/mqtt-transport.error.js';
import { NoMatchingSubscribersError } from '../../../lib/errors/no-matching-subscribers.error.js';
import { PayloadDecodeError } from '../../../lib/errors/payload-decode.error.js';
import { PayloadEncodeError } from '../../../lib/errors/payload-encode.error.js';
import { PublishCancelledError } from '../../../lib/errors/publish-cancelled.error.js';
import { PublishRefusedError } from '../../../lib/errors/publish-refused.error.js';
import { PublishTimeoutError } from '../../../lib/errors/publish-timeout.error.js';
import { RemoteError } from '../../../lib/errors/remote.error.js';
import { RequestCancelledError } from '../../../lib/errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../../../lib/errors/request-timeout.error.js';
import { StreamGapError } from '../../../lib/errors/stream-gap.error.js';
import { SubscriptionRefusedError } from '../../../lib/errors/subscription-refused.error.js';

const cause = new Error('underneath');
const options = { cause };

/** [error, code, what its message has to say: what happened, to what, and what to do about it] */
const errors: [MqttTransportError, string, RegExp[]][] = [
  [
    new BackpressureError('maxPendingRequests', 5, 'No room'),
    'ERR_MQTT_BACKPRESSURE',
    [/No room/, /maxPendingRequests \(5\)/, /raise/],
  ],
  [new ConnectionClosedError('gone', true, options), 'ERR_MQTT_CONNECTION_CLOSED', [/gone/]],
  [new ConnectionRefusedError('refused', 0x87, options), 'ERR_MQTT_CONNECTION_REFUSED', [/refused/]],
  [
    new DuplicateHandlerError('a/+', ['"a/{x}" (A.a())', '"a/{y}"']),
    'ERR_MQTT_DUPLICATE_HANDLER',
    [/"a\/\+"/, /: "a\/\{x\}" \(A\.a\(\)\) and "a\/\{y\}"\./, /@EventPattern/],
  ],
  [
    new FeatureNotSupportedError('rap', 'not there', 'Use 5'),
    'ERR_MQTT_FEATURE_NOT_SUPPORTED',
    [/^rap: not there\. Use 5\.$/],
  ],
  [
    new InvalidOptionsError([{ option: 'a.b', problem: 'bad', remedy: 'Do better' }]),
    'ERR_MQTT_INVALID_OPTIONS',
    [/- a\.b: bad\. Do better\./],
  ],
  [new InvalidTopicError('a/#', 'no wildcards'), 'ERR_MQTT_INVALID_TOPIC', [/"a\/#"/, /no wildcards/]],
  [
    new MessageExpiredError('a/b', 60),
    'ERR_MQTT_MESSAGE_EXPIRED',
    [/"a\/b" was not sent/, /60 s/, /messageExpiryInterval/, /connection/],
  ],
  [new NoMatchingSubscribersError('a/b'), 'ERR_MQTT_NO_MATCHING_SUBSCRIBERS', [/"a\/b"/, /start the service/]],
  [new PayloadDecodeError('a/b', 'text/plain', options), 'ERR_MQTT_PAYLOAD_DECODE', [/"a\/b"/, /text\/plain/, /codec/]],
  [new PayloadDecodeError('a/b', undefined), 'ERR_MQTT_PAYLOAD_DECODE', [/"a\/b"/, /the codec expects/]],
  [new PayloadEncodeError('a/b', 'a circle', options), 'ERR_MQTT_PAYLOAD_ENCODE', [/"a\/b"/, /a circle/, /codec/]],
  [
    new PublishRefusedError('a/b', 0x87, 'not authorized'),
    'ERR_MQTT_PUBLISH_REFUSED',
    [/"a\/b"/, /0x87 not authorized/, /permissions/],
  ],
  [
    new PublishCancelledError('a/b', true, options),
    'ERR_MQTT_PUBLISH_CANCELLED',
    [/"a\/b" was cancelled/, /may have reached the broker/],
  ],
  [new PublishCancelledError('a/b', false), 'ERR_MQTT_PUBLISH_CANCELLED', [/"a\/b" was cancelled/, /was not sent/]],
  [
    new PublishTimeoutError('a/b', 500, true),
    'ERR_MQTT_PUBLISH_TIMEOUT',
    [/"a\/b"/, /within 500 ms/, /may have reached the broker/, /allow more time \(timeout/],
  ],
  [new PublishTimeoutError('a/b', 500, false), 'ERR_MQTT_PUBLISH_TIMEOUT', [/was not sent/]],
  [new PublishRefusedError('a/b', 5, 'odd'), 'ERR_MQTT_PUBLISH_REFUSED', [/0x05 odd/]],
  [new RequestCancelledError('a/b', options), 'ERR_MQTT_REQUEST_CANCELLED', [/"a\/b"/]],
  [new RequestTimeoutError('a/b', 500), 'ERR_MQTT_REQUEST_TIMEOUT', [/"a\/b"/, /500 ms/, /requestTimeout/]],
  [new StreamGapError('a/b', 3, 5), 'ERR_MQTT_STREAM_GAP', [/"a\/b"/, /Value 3/, /value 5/, /QoS 1/]],
  [
    new SubscriptionRefusedError(
      [
        { filter: 'a/#', reasonCode: 0x87, reason: 'not authorized' },
        { filter: 'b', reasonCode: 0x8f, reason: 'topic filter invalid' },
      ],
      options,
    ),
    'ERR_MQTT_SUBSCRIPTION_REFUSED',
    [/subscriptions "a\/#" \(0x87 not authorized\), "b" \(0x8f topic filter invalid\)/, /permissions/],
  ],
  [
    new SubscriptionRefusedError([{ filter: 'a', reasonCode: 0x80, reason: 'x' }]),
    'ERR_MQTT_SUBSCRIPTION_REFUSED',
    [/the subscription "a"/],
  ],
];

describe.each(errors.map(([error, code, says]) => ({ error, name: error.constructor.name, code, says })))(
  '$name',
  ({ error, name, code, says }) => {
    it('is known by its class, its name and its code', () => {
      expect(error).toBeInstanceOf(MqttTransportError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name, code });
    });

    it('says what happened, to what, and what to do about it', () => {
      for (const part of says) expect(error.message).toMatch(part);
      expect([undefined, cause]).toContain(error.cause);
    });
  },
);

describe('errors', () => {
  it('keep what caused them', () => {
    const kept = errors.map(([error]) => error).filter((error) => error.cause === cause);
    expect(kept.map(({ name }) => name)).toEqual([
      'ConnectionClosedError',
      'ConnectionRefusedError',
      'PayloadDecodeError',
      'PayloadEncodeError',
      'PublishCancelledError',
      'RequestCancelledError',
      'SubscriptionRefusedError',
    ]);
  });

  it('carry for programs what they say to people', () => {
    expect(new ConnectionClosedError('x', false).maybeExecuted).toBe(false);
    expect(new RequestTimeoutError('a', 5)).toMatchObject({ topic: 'a', timeout: 5 });
    expect(new PublishRefusedError('a', 0x97, '')).toMatchObject({ topic: 'a', reasonCode: 0x97 });
    expect(new MessageExpiredError('a', 9)).toMatchObject({ topic: 'a', messageExpiryInterval: 9 });
    expect(new PublishTimeoutError('a', 5, true)).toMatchObject({ topic: 'a', timeout: 5, maybePublished: true });
    expect(new PublishCancelledError('a', false)).toMatchObject({ topic: 'a', maybePublished: false });
    expect(new BackpressureError('x', 5, '')).toMatchObject({ option: 'x', limit: 5 });
  });

  it('do not repeat a topic of 65,535 bytes', () => {
    const { message, topic } = new InvalidTopicError('x'.repeat(65_535), 'too long');
    expect(message.length).toBeLessThan(300);
    expect(topic).toHaveLength(65_535);
  });
});

/** As a hostile responder may send it. */
function deepList(): unknown {
  return JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
}

describe('RemoteError', () => {
  it.each<[string, unknown, string]>([
    [
      'the message of the error object',
      { status: 'error', message: 'sold out' },
      'The handler of "a/b" failed (rpc): sold out',
    ],
    ['a string', 'sold out', 'The handler of "a/b" failed (rpc): sold out'],
    ['at most 1,024 characters of it', 'x'.repeat(2_000), `The handler of "a/b" failed (rpc): ${'x'.repeat(1_024)}`],
    ['the messages of a ValidationPipe', { message: ['a', 'b'] }, 'The handler of "a/b" failed (rpc): a; b'],
    [
      'the messages of class-validator, without the payload',
      [
        { target: { a: 1 }, value: 1, property: 'a', constraints: { max: 'a is too large' }, children: [] },
        { value: 2, property: 'b', children: [{ property: 'c', constraints: { min: 'c is too small' } }] },
      ],
      'The handler of "a/b" failed (rpc): a is too large; c is too small',
    ],
    ['errors in a list', [{ message: 'a' }, 7, { code: 8 }], 'The handler of "a/b" failed (rpc): a; 7; {"code":8}'],
    ['any other object as JSON', { code: 7 }, 'The handler of "a/b" failed (rpc): {"code":7}'],
    ['the same for a message that is none', { message: 7 }, 'The handler of "a/b" failed (rpc): {"message":7}'],
    ['the same for an empty list', { message: [] }, 'The handler of "a/b" failed (rpc): {"message":[]}'],
    ['words of its own for null', null, 'The handler of "a/b" failed (rpc).'],
    ['words of its own for an empty text', '', 'The handler of "a/b" failed (rpc).'],
  ])('takes for its message %s', (_, data, message) => {
    const error = new RemoteError('rpc', data, 'a/b');
    expect(error).toMatchObject({ name: 'RemoteError', code: 'rpc', isRemote: true, message, topic: 'a/b' });
    expect(error.data).toBe(data);
  });

  it('is made of what is nested too deeply to be shown', () => {
    const { message } = new RemoteError('rpc', deepList(), 'a/b');
    expect(message).toMatch(/^The handler of "a\/b" failed \(rpc\)(\.|: \[+)$/); // Node.js 26 can show it
  });

  it('says where the reason is that Nest has masked', () => {
    expect(new RemoteError('internal', { status: 'error', message: 'Internal server error' }, 'a/b').message).toBe(
      'The handler of "a/b" failed (internal): Internal server error; the log of its server has the reason',
    );
  });
});

it.each<[MqttTransportError, object]>([
  [
    new InvalidOptionsError([{ option: 'a', problem: 'it is wrong', remedy: 'Mend it' }]),
    { problems: [{ option: 'a', problem: 'it is wrong', remedy: 'Mend it' }] },
  ],
  [
    new SubscriptionRefusedError([{ filter: 'a', reasonCode: 0x80, reason: 'it is wrong' }]),
    { refused: [{ filter: 'a', reasonCode: 0x80, reason: 'it is wrong' }] },
  ],
])('what the message of %s lists is shown once, and can be read', (error, fields) => {
  expect(error).toMatchObject(fields);
  expect(inspect(error).match(/it is wrong/g)).toHaveLength(1);
});
