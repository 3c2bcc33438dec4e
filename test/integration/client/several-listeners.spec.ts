import { describe, expect, it } from '@jest/globals';
import { SubscriptionRefusedError } from '../../../lib/index.js';
import { ClientInspection } from '../../support/client-inspection.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

describe.each([5, 4] as const)(
  'a second listener that asks for more than the broker grants (version %i)',
  (version) => {
    it.each([
      ['when the first is subscribed already', true],
      ['at once', false],
    ])('%s: it is told so, and the first goes on', async (_, waits) => {
      const { broker, url } = await startInProcessBroker();
      broker.faults.refuseSubscriptions(({ filter, qos }) => filter === 'a' && qos === 1, 0x87);
      const client = createClient(connectionTo(url, version));
      await client.connect();
      const first = new Journal<unknown>();
      const second = new Journal<unknown>();
      const listening = client
        .messages('a', { qos: 0 })
        .subscribe({ next: ({ data }) => first.add(data), error: first.add });
      if (waits) await client.publish('a', 'before', { qos: 1 });
      if (waits) await first.atLeast(1);
      client.messages('a', { qos: 1 }).subscribe({ next: ({ data }) => second.add(data), error: second.add });
      await second.first((entry) => entry instanceof SubscriptionRefusedError);
      await client.publish('a', 'after', { qos: 1 });
      await first.first((entry) => entry === 'after');
      expect(first.entries.filter((entry) => entry instanceof Error)).toEqual([]);
      expect(second.entries).toEqual([expect.any(SubscriptionRefusedError)]);
      listening.unsubscribe();
      await client.request('marker', 1, { timeout: 50 }).catch(() => {});
      expect(new ClientInspection(client).holdings().adHocSubscriptions).toBe(0);
    });

    it('the first leaves while more is asked for, and that is refused: nothing stays subscribed', async () => {
      const { broker, url } = await startInProcessBroker();
      broker.faults.refuseSubscriptions(({ filter, qos }) => filter === 'a' && qos === 1, 0x87);
      const client = createClient(connectionTo(url, version));
      await client.connect();
      const told = new Journal<unknown>();
      const first = client.messages('a', { qos: 0 }).subscribe();
      client.messages('a', { qos: 1 }).subscribe({ error: told.add });
      first.unsubscribe();
      await told.atLeast(1);
      expect(new ClientInspection(client).holdings().adHocSubscriptions).toBe(0);
    });

    it('a third that asks for what the first has is granted it', async () => {
      const { broker, url } = await startInProcessBroker();
      broker.faults.refuseSubscriptions(({ filter, qos }) => filter === 'a' && qos === 1, 0x87);
      const client = createClient(connectionTo(url, version));
      await client.connect();
      const [refused, third] = [new Journal<unknown>(), new Journal<unknown>()];
      client.messages('a', { qos: 0 }).subscribe();
      client.messages('a', { qos: 1 }).subscribe({ error: refused.add });
      await refused.atLeast(1);
      client.messages('a', { qos: 0 }).subscribe({ next: ({ data }) => third.add(data), error: third.add });
      await client.publish('a', 'x', { qos: 1 });
      expect(await third.atLeast(1)).toEqual(['x']);
    });
  },
);
