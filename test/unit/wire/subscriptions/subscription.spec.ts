import { describe, expect, it } from '@jest/globals';
import { SubscriptionRefusedError, type RefusedFilter } from '../../../../lib/errors/subscription-refused.error.js';
import { SubscribeCall, Subscription } from '../../../../lib/wire/subscriptions/subscription.js';
import { turns } from '../support/network.js';

function refusal(filter: string): RefusedFilter {
  return { filter, reasonCode: 0x87, reason: 'not authorized' };
}

async function isSettled(call: SubscribeCall): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  call.settled.then(note, note);
  await turns();
  return settled;
}

describe('SubscribeCall', () => {
  it('settles when the broker has answered about all of its filters', async () => {
    const call = new SubscribeCall(2);
    call.answered(undefined);
    expect(await isSettled(call)).toBe(false);
    call.answered(undefined);
    await call.settled;
  });

  it('for nothing is settled from the beginning', async () => {
    expect(await isSettled(new SubscribeCall(0))).toBe(true);
  });

  it('rejects with every filter that was refused', async () => {
    const call = new SubscribeCall(3);
    call.answered(refusal('a'));
    call.answered(undefined);
    expect(await isSettled(call)).toBe(false);
    call.answered(refusal('c'));
    const error = await call.settled.catch((reason: unknown) => reason as SubscriptionRefusedError);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as SubscriptionRefusedError).refused).toEqual([refusal('a'), refusal('c')]);
  });

  it('that failed stays failed', async () => {
    const call = new SubscribeCall(1);
    call.fail(new Error('gone'));
    call.answered(undefined);
    await expect(call.settled).rejects.toThrow('gone');
  });
});

describe('Subscription', () => {
  it('tells those who wait for it, once', async () => {
    const subscription = new Subscription({ filter: 'a', qos: 1 });
    const calls = [new SubscribeCall(1), new SubscribeCall(1)];
    subscription.calls.push(...calls);
    expect(subscription.settle(undefined)).toBe(true);
    await Promise.all(calls.map(({ settled }) => settled));
    expect(subscription.settle(refusal('a'))).toBe(false);
  });

  it('says when nobody was told of a refusal', () => {
    expect(new Subscription({ filter: 'a', qos: 1 }).settle(refusal('a'))).toBe(false);
  });
});
