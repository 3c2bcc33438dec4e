import { describe, expect, it } from '@jest/globals';
import { ServerMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import '../../support/logs.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const MAX_PACKETS = 50;
const PATTERNS = Array.from({ length: 5_000 }, (_, i) => `devices/${i}/+/state`);

describe(`a start with ${PATTERNS.length} patterns at three QoS levels`, () => {
  it.each([
    { broker: 'that takes any packet', protocolVersion: 5, options: {} },
    { broker: 'that takes packets of 4 KiB', protocolVersion: 5, options: { maximumPacketSize: 4_096 } },
    { broker: 'of 3.1.1', protocolVersion: 4, options: {} },
  ] as const)(`takes at most ${MAX_PACKETS} packets, with a broker $broker`, async ({ protocolVersion, options }) => {
    const { broker, url } = await startInProcessBroker(options);
    const sent: string[] = [];
    broker.on('packet', ({ direction, packet }) => void (direction === 'in' && sent.push(packet.cmd)));
    const server = new ServerMqtt({ ...connectionTo(url, protocolVersion), clientId: 'server' });
    closeAfterTest(() => server.close());
    for (const [i, pattern] of PATTERNS.entries()) server.addHandler(pattern, async () => {}, true, { qos: i % 3 });

    expect(await new Promise((resolve) => void server.listen(resolve))).toBeUndefined();

    expect(sent.length).toBeLessThanOrEqual(MAX_PACKETS);
    expect(sent).toContain('subscribe');
    const granted = broker.session('server')!.subscriptions.map(({ filter, qos }) => [filter, qos]);
    expect(new Map(granted as [string, number][])).toEqual(new Map(PATTERNS.map((pattern, i) => [pattern, i % 3])));
  });
});
