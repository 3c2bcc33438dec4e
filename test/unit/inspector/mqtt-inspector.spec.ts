import { describe, expect, it } from '@jest/globals';
import { MqttInspector } from '../../../lib/inspector/mqtt-inspector.js';
import type { MqttDelivery } from '../../../lib/observing/mqtt-delivery.js';
import type { MqttConnectionEvent, MqttObservedConnection } from '../../../lib/observing/mqtt-observed-connection.js';
import type { MqttObservedHandler } from '../../../lib/observing/mqtt-observed-handler.js';
import type { MqttObservedRequest } from '../../../lib/observing/mqtt-observed-request.js';

const HANDLER = { template: 'a/{b}' } as MqttObservedHandler;
const LETTER = { topic: 'dead', id: undefined, reason: 'r', error: undefined };
const REQUEST = { topic: 'a', timeoutMs: 10 } as MqttObservedRequest;

function delivery(topic = 'a/1'): MqttDelivery {
  return { handler: HANDLER, topic, payload: Buffer.from('x'), receivedAt: 1, attempt: 1, qos: 1 } as MqttDelivery;
}

function followed(inspector: MqttInspector, messages: number): number {
  let count = 0;
  for (let i = 0; i < messages; i++) if (inspector.follows(HANDLER)) count++;
  return count;
}

describe('what the inspector follows', () => {
  it('is nothing while the page is not open', () => {
    const inspector = new MqttInspector();
    expect(followed(inspector, 10)).toBe(0);
    expect(inspector.request(REQUEST)).toBeUndefined();
    inspector.received(delivery());
    expect(inspector.inFlight.view().all).toBe(0);
  });

  it('is every message while there are few, and a sample of many; rates count all', () => {
    const inspector = new MqttInspector();
    inspector.watch();
    expect(followed(inspector, 900)).toBe(900);
    inspector.tick();
    expect(inspector.oneIn).toBe(1);
    followed(inspector, 9_500);
    inspector.tick();
    expect(inspector.oneIn).toBe(10);
    expect(followed(inspector, 9_500)).toBe(950);
    inspector.tick();
    expect(inspector.recordOf(HANDLER).rate.perSecond).toBe((900 + 9_500 + 9_500) / 3);
    inspector.tick();
    expect(inspector.oneIn).toBe(1); // the rate is low again
  });

  it('is cleared when the last viewer leaves', () => {
    const inspector = new MqttInspector();
    inspector.watch();
    followed(inspector, 5_000);
    inspector.tick();
    inspector.received(delivery());
    const end = inspector.request(REQUEST);
    inspector.handled(delivery(), { failed: false, error: undefined, code: undefined, durationMs: 5 });
    inspector.unwatch();
    end?.({ outcome: 'replied', error: undefined });
    expect(followed(inspector, 10)).toBe(0);
    expect(inspector.inFlight.view().all).toBe(0);
    expect(inspector.requests.view()).toEqual([]);
    expect(inspector.oneIn).toBe(1);
    const { rate, durations } = inspector.recordOf(HANDLER);
    expect([rate.perSecond, durations.quantiles()]).toEqual([undefined, undefined]);
  });
});

describe('what the inspector remembers', () => {
  it('is the state of a message until it is completed', () => {
    const inspector = new MqttInspector();
    inspector.watch();
    const message = delivery();
    const state = (): unknown => inspector.inFlight.view().shown[0]?.state;
    inspector.received(message);
    expect(state()).toBe('waiting');
    let ran = false;
    inspector.handle(message, () => (ran = true));
    expect([ran, state()]).toEqual([true, 'running']);
    inspector.retried(message, { error: new Error('it') });
    expect(state()).toBe('retrying');
    inspector.handled(message, { failed: true, error: new Error('it'), code: 'rpc', durationMs: 5 });
    expect(state()).toBe('settling');
    inspector.completed(message);
    expect(state()).toBeUndefined();
    expect(inspector.recordOf(HANDLER)).toMatchObject({
      failures: 2,
      lastError: { text: expect.stringContaining('it') },
    });
  });

  it('is failures, withheld messages, drops and dead letters, also while the page is not open', () => {
    const inspector = new MqttInspector();
    inspector.retried(delivery(), { error: 'no error at all' });
    inspector.settled(delivery(), { outcome: 'withheld' } as never);
    inspector.settled(delivery(), { outcome: 'acked' } as never);
    inspector.dropped({ topic: 'x'.repeat(1_000), reason: 'too-large', size: 9 } as never);
    inspector.deadLettered(delivery(), LETTER);
    expect(inspector.recordOf(HANDLER)).toMatchObject({ failures: 1, withheld: 1 });
    expect(inspector.drops).toMatchObject({ all: 1, shown: [{ reason: 'too-large', size: 9 }] });
    expect(inspector.drops.shown[0]!.topic.length).toBeLessThan(400);
    expect(inspector.letters.view()).toMatchObject({ all: 1, shown: [{ deadLetterTopic: 'dead' }] });
    expect(inspector.inFlight.view().all).toBe(0);
  });

  it('is bounded', () => {
    const inspector = new MqttInspector();
    inspector.watch();
    for (let i = 0; i < 3_000; i++) {
      inspector.received(delivery(`a/${i}`));
      inspector.request(REQUEST);
      inspector.dropped({ topic: `a/${i}`, reason: 'overflow', size: 1 } as never);
      inspector.deadLettered(delivery(`a/${i}`), LETTER);
    }
    expect(inspector.inFlight.view()).toMatchObject({ all: 1_000, shown: { length: 50 } });
    expect(inspector.requests.view()).toHaveLength(50);
    expect(inspector.drops).toMatchObject({ all: 3_000, shown: { length: 50 } });
    expect(inspector.drops.shown[0]!.topic).toBe('a/2999');
    expect(inspector.letters.view()).toMatchObject({ all: 3_000, shown: { length: 50 } });
    expect(inspector.letters.find(1)).toBeUndefined();
    expect(inspector.letters.find(3_000)?.topic).toBe('a/2999');
  });

  it('is no payload if payloads are hidden', () => {
    const inspector = new MqttInspector();
    inspector.deadLettered(delivery(), LETTER);
    expect(inspector.letters.find(1)?.payload).toBeUndefined();
    inspector.letters.withPayloads = true;
    inspector.deadLettered(delivery(), LETTER);
    expect(inspector.letters.find(2)?.payload).toEqual(Buffer.from('x'));
  });
});

describe('what the inspector says about a connection', () => {
  const CONNECTION = { handlers: () => [{ handler: HANDLER }] } as unknown as MqttObservedConnection;

  it.each<[MqttConnectionEvent, string | undefined]>([
    [{ kind: 'opened' }, undefined],
    [{ kind: 'connected', first: true, sessionPresent: false }, 'connected'],
    [{ kind: 'connected', first: false, sessionPresent: true }, 'reconnected, session resumed'],
    [{ kind: 'connected', first: false, sessionPresent: false }, 'reconnected, session new'],
    [{ kind: 'lost', error: undefined }, 'connection lost'],
    [{ kind: 'attempt-failed', error: new Error('no route') }, 'cannot connect: no route'],
    [{ kind: 'session-lost' }, 'the broker has lost the session and its queued messages'],
    [{ kind: 'subscribed', filter: 'a', qos: 1 }, undefined],
    [{ kind: 'subscription-refused', filter: 'a', reasonCode: 0x87 }, expect.stringContaining('"a"') as never],
    [{ kind: 'closed', error: undefined }, 'closed'],
  ])('%j: %s', (event, text) => {
    const inspector = new MqttInspector();
    inspector.connection(CONNECTION, event);
    expect(inspector.events.map((each) => each.text)).toEqual(text === undefined ? [] : [text]);
  });

  it('counts connects, and forgets a connection that is closed, with its handlers', () => {
    const inspector = new MqttInspector();
    inspector.connection(CONNECTION, { kind: 'connected', first: true, sessionPresent: false });
    inspector.connection(CONNECTION, { kind: 'lost', error: new Error('gone') });
    inspector.connection(CONNECTION, { kind: 'connected', first: false, sessionPresent: true });
    expect(inspector.connections.get(CONNECTION)).toMatchObject({
      connects: 2,
      lastError: { text: 'connection lost: gone' },
    });
    const before = inspector.recordOf(HANDLER);
    inspector.connection(CONNECTION, { kind: 'closed', error: undefined });
    expect(inspector.connections.size).toBe(0);
    expect(inspector.recordOf(HANDLER)).not.toBe(before);
  });

  it('forgets what was granted with the session', () => {
    const inspector = new MqttInspector();
    inspector.connection(CONNECTION, { kind: 'subscribed', filter: 'a', qos: 2 });
    expect(inspector.connections.get(CONNECTION)!.granted.get('a')).toBe(2);
    inspector.connection(CONNECTION, { kind: 'session-lost' });
    expect(inspector.connections.get(CONNECTION)!.granted.size).toBe(0);
  });
});
