import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ping } from '../../../../lib/wire/connection/ping.js';
import { FakeConnection } from '../support/fake-connection.js';
import { turns } from '../support/network.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

function connected(): FakeConnection {
  const connection = new FakeConnection();
  connection.accept();
  return connection;
}

/** What is left behind, when it is over. */
function leftBehind(connection: FakeConnection): number {
  return jest.getTimerCount() + connection.listenerCount('control') + connection.listenerCount('lost');
}

describe('ping', () => {
  it('says that the broker is alive when it has answered this one, and not one before', async () => {
    const connection = connected();
    const alive = [ping(connection.real, 1_000), ping(connection.real, 1_000)];
    const told: number[] = [];
    for (const [i, one] of alive.entries()) void one.then(() => told.push(i));
    connection.answerPing();
    await turns();
    expect(told).toEqual([0]);
    connection.emit('control', { cmd: 'suback', messageId: 1, granted: [0] });
    await turns();
    expect(told).toEqual([0]);
    connection.answerPing();
    expect(await Promise.all(alive)).toEqual([true, true]);
    expect(leftBehind(connection)).toBe(0);
  });

  it.each<[string, (connection: FakeConnection) => unknown]>([
    ['no answer comes in time', () => jest.advanceTimersByTime(1_000)],
    ['the connection is lost', (connection) => connection.lose()],
    ['the connection is closed', (connection) => connection.close()],
  ])('says that it is not when %s', async (_, act) => {
    const connection = connected();
    const alive = ping(connection.real, 1_000);
    let told: boolean | undefined;
    void alive.then((answer) => (told = answer));
    await turns();
    act(connection);
    await turns(5);
    expect(told).toBe(false);
    expect(leftBehind(connection)).toBe(0);
  });

  it('says so at once when there is no connection', async () => {
    const connection = new FakeConnection();
    expect(await ping(connection.real, 1_000)).toBe(false);
    expect(leftBehind(connection)).toBe(0);
  });
});
