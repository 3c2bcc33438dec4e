import { describe, expect, it } from '@jest/globals';
import { ConnectionClosedError } from '../../../../lib/errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../../../../lib/errors/connection-refused.error.js';
import { DEFAULT_RECONNECT, type ResolvedReconnectOptions } from '../../../../lib/options/reconnect-options.js';
import type { ConnectionFailure } from '../../../../lib/wire/connection/connection-failure.js';
import { reasonOf, Reconnection } from '../../../../lib/wire/connection/reconnection.js';

const BROKER = 'mqtt://broker:1883';
const network: ConnectionFailure = { error: new Error('ECONNREFUSED'), severity: 'passing' };
const refused: ConnectionFailure = { error: new ConnectionRefusedError('bad password', 0x86), severity: 'firm' };
const takenOver: ConnectionFailure = { error: new ConnectionRefusedError('taken over', 0x8e), severity: 'fatal' };
const silent: ConnectionFailure = { error: new Error('closed'), severity: 'passing', silent: true };
const STABLE_MS = 5_000;

function reconnectionOf({
  maxConnectionAttempts = -1,
  reconnect = {},
}: { maxConnectionAttempts?: number; reconnect?: Partial<ResolvedReconnectOptions> | false } = {}): Reconnection {
  const resolved = reconnect && { ...DEFAULT_RECONNECT, jitter: false, ...reconnect };
  return new Reconnection({ maxConnectionAttempts, reconnect: resolved, clientId: 'press-7' }, BROKER);
}

/** Failures that are followed by another attempt, until one is not. */
function retriesOf(reconnection: Reconnection, failure: ConnectionFailure, most = 1_000): number {
  let retries = 0;
  while (retries < most && typeof reconnection.failed(failure) === 'number') retries++;
  return retries;
}

function connectedOnce(reconnection: Reconnection): Reconnection {
  reconnection.connected(0);
  reconnection.lost(STABLE_MS);
  return reconnection;
}

describe('Reconnection, before the first connection', () => {
  it.each([
    ['tries for ever by default', {}, network, 1_000],
    ['keeps to maxConnectionAttempts', { maxConnectionAttempts: 3 }, network, 2],
    ['makes one attempt with maxConnectionAttempts 1', { maxConnectionAttempts: 1 }, network, 0],
    ['keeps to reconnect.maxAttempts', { reconnect: { maxAttempts: 4 } }, network, 3],
    ['does not try again with reconnect: false', { reconnect: false as const }, network, 0],
    ['gives up at once over a refusal that trying again cannot cure', {}, refused, 0],
    ['gives up at once when the session is taken over', {}, takenOver, 0],
  ])('%s', (_, options, failure, expected) => {
    expect(retriesOf(reconnectionOf(options), failure)).toBe(expected);
  });

  it('says what it could not connect to, why, and after how many attempts', () => {
    const reconnection = reconnectionOf({ maxConnectionAttempts: 2 });
    reconnection.failed(network);
    const error = reconnection.failed(network) as Error;
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error.message).toBe(`Cannot connect to ${BROKER} (2 attempts): ECONNREFUSED`);
    expect(error.cause).toBe(network.error);
  });

  it('gives a refusal as the broker gave it', () => {
    expect(reconnectionOf().failed(refused)).toBe(refused.error);
    expect(reconnectionOf({ maxConnectionAttempts: 1 }).failed({ ...refused, severity: 'passing' })).toBe(
      refused.error,
    );
  });
});

describe('Reconnection, after a connection', () => {
  it.each([
    ['tries for ever by default', {}, network, 1_000],
    [
      'is not bound by maxConnectionAttempts, which are those of the first connection',
      { maxConnectionAttempts: 1 },
      network,
      1_000,
    ],
    [
      'makes as many attempts as reconnect.maxAttempts says: the loss itself is none',
      { reconnect: { maxAttempts: 4 } },
      network,
      4,
    ],
    ['makes the one attempt of maxAttempts 1', { reconnect: { maxAttempts: 1 } }, network, 1],
    ['does not try again with reconnect: false', { reconnect: false as const }, network, 0],
    ['bears refusals that somebody else may cure, but not for ever', {}, refused, 9],
    ['never evicts the client that has taken the session over', {}, takenOver, 0],
  ])('%s', (_, options, failure, expected) => {
    expect(retriesOf(connectedOnce(reconnectionOf(options)), failure)).toBe(expected);
  });

  it('begins to bear refusals anew with every connection', () => {
    const reconnection = connectedOnce(reconnectionOf());
    for (let i = 0; i < 9; i++) reconnection.failed(refused);
    reconnection.connected(0);
    expect(retriesOf(reconnection, refused)).toBe(9);
  });

  it('does not count other failures among the refusals', () => {
    const reconnection = connectedOnce(reconnectionOf());
    for (let i = 0; i < 50; i++) expect(reconnection.failed(network)).toEqual(expect.any(Number));
    expect(retriesOf(reconnection, refused)).toBe(9);
  });

  it.each([
    [STABLE_MS, 1_000],
    [STABLE_MS - 1, 8_000],
  ])('after a connection that held %i ms waits %i ms', (held, expected) => {
    const reconnection = reconnectionOf();
    for (let i = 0; i < 3; i++) reconnection.failed(network);
    reconnection.connected(10_000);
    reconnection.lost(10_000 + held);
    expect(reconnection.failed(network)).toBe(expected);
  });

  it('slows down where connections come about but do not hold', () => {
    const reconnection = reconnectionOf();
    const delays = Array.from({ length: 4 }, () => {
      reconnection.connected(0);
      reconnection.lost(1);
      return reconnection.failed(network);
    });
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('says that the connection is lost', () => {
    const reconnection = connectedOnce(reconnectionOf({ reconnect: { maxAttempts: 2 } }));
    reconnection.failed(network);
    reconnection.failed(network);
    const error = reconnection.failed(network) as ConnectionClosedError;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error.maybeExecuted).toBe(true);
    expect(error.message).toBe(`The connection to ${BROKER} is lost (2 attempts): ECONNREFUSED`);
    expect(connectedOnce(reconnectionOf({ reconnect: false })).failed(network)).toMatchObject({
      message: `The connection to ${BROKER} is lost: ECONNREFUSED`,
    });
  });

  it('knows whether a connection is the first', () => {
    const reconnection = reconnectionOf();
    expect(reconnection.isFirst).toBe(true);
    reconnection.failed(network);
    expect(reconnection.isFirst).toBe(true);
    reconnection.connected(0);
    expect(reconnection.isFirst).toBe(false);
  });
});

describe('reasonOf', () => {
  it.each([
    [new Error('told'), 'told'],
    [Object.assign(new AggregateError([new Error('a')]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new AggregateError([]), 'AggregateError'],
  ])('of %p is %j', (error, expected) => {
    expect(reasonOf(error)).toBe(expected);
  });
});

/** Connections that are lost as soon as they are made: what another client with the same Client Identifier brings about. */
function evicted(reconnection: Reconnection, times: number): number | Error {
  let next: number | Error = 0;
  for (let i = 0; i < times; i++) {
    reconnection.connected(i * 10_000);
    reconnection.lost(i * 10_000 + 10);
    next = reconnection.failed(silent);
  }
  return next;
}

describe('Reconnection, and a broker that does not say that a session was taken over', () => {
  it('suspects it after 3 of them in a row, and gives up after 20 with an error that names the Client Identifier', () => {
    const reconnection = reconnectionOf();
    expect(evicted(reconnection, 2)).toEqual(expect.any(Number));
    expect(reconnection.looksEvicted).toBe(false);
    expect(evicted(reconnection, 1)).toEqual(expect.any(Number));
    expect(reconnection.looksEvicted).toBe(true);
    expect(evicted(reconnection, 16)).toEqual(expect.any(Number));
    expect(String(evicted(reconnection, 1))).toContain('Client Identifier "press-7"');
  });

  it('forgets them over one connection that lasts', () => {
    const reconnection = reconnectionOf();
    evicted(reconnection, 19);
    reconnection.connected(0);
    reconnection.lost(30_000);
    expect(reconnection.looksEvicted).toBe(false);
    expect(evicted(reconnection, 19)).toEqual(expect.any(Number));
  });

  it('suspects it too when they live longer, for the two of them wait longer and longer', () => {
    const reconnection = reconnectionOf();
    for (const lifetime of [900, 3_000, 7_000]) {
      reconnection.connected(0);
      reconnection.lost(lifetime);
      expect(reconnection.failed(silent)).toEqual(expect.any(Number));
    }
    expect(reconnection.looksEvicted).toBe(true);
  });

  it('forgets them over an attempt that fails, or a connection that breaks: that is a broker or a network in trouble', () => {
    const reconnection = reconnectionOf();
    evicted(reconnection, 19);
    reconnection.failed(network);
    expect(reconnection.looksEvicted).toBe(false);
    expect(evicted(reconnection, 19)).toEqual(expect.any(Number));
  });
});
