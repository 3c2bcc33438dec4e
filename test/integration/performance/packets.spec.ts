import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const CALLS = 100;
const PING_TIMEOUT_MS = 10_000;

@Controller()
class Echo {
  @MessagePattern('echo')
  echo(@Payload() value: number): number {
    return value;
  }
}

// What QoS 0 takes, and that QoS 1 takes nothing but PUBLISH and PUBACK, is in rpc/packet-count.spec.ts.
it.each([5, 4] as const)(
  'a call at QoS 1 both ways takes two messages and their acknowledgements at each side, MQTT %i',
  async (protocolVersion) => {
    const { broker, url } = await startInProcessBroker();
    const connection = connectionTo(url, protocolVersion);
    const publishOptions = { qos: 1 } as const;
    const { server } = await startServer(
      { ...connection, subscribeOptions: { qos: 1 }, publishOptions },
      { controllers: [Echo] },
    );
    const client = createClient({ ...connection, publishOptions });
    await client.request('echo', 0);
    const passed = async (): Promise<void> => {
      for (const peer of [client, server]) expect(await peer.ping(PING_TIMEOUT_MS)).toBe(true);
    };
    await passed(); // what came before the answer to a ping has been counted, or not
    const counts: Record<string, number> = {};
    broker.on('packet', ({ direction, packet: { cmd } }) => {
      if (cmd !== 'pingreq' && cmd !== 'pingresp')
        counts[`${direction} ${cmd}`] = (counts[`${direction} ${cmd}`] ?? 0) + 1;
    });

    for (let i = 0; i < CALLS; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, n) => client.request('echo', i + n)));
    }
    await passed();

    const each = 2 * CALLS; // the request and the reply, from one side and to the other
    expect(counts).toEqual({ 'in publish': each, 'out puback': each, 'out publish': each, 'in puback': each });
  },
);
