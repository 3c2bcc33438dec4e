import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { describeWhereInstalled } from '../../support/executables.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startMosquitto } from '../../support/test-broker.js';

@Controller()
class Echo {
  @MessagePattern('echo')
  echo(data: string): string {
    return data;
  }
}

const PATIENCE = 200;

function hints(): string[] {
  return transportLogs('warn').filter((line) => line.includes('TCP_NODELAY'));
}

// performance.md, finding 1: neither MQTT.js nor a stock Mosquitto sets TCP_NODELAY, and a QoS 1 call takes 44 ms
describeWhereInstalled(['mosquitto'], 'QoS 1 calls over a Mosquitto as it is', () => {
  it('are slow, and the log says once why, and what to do', async () => {
    const mosquitto = await startMosquitto({ config: ['set_tcp_nodelay false'] });
    await startServer(connectionTo(mosquitto.url), { controllers: [Echo] });
    const client = createClient(connectionTo(mosquitto.url));
    for (let calls = 0; hints().length === 0; calls++) {
      expect(calls).toBeLessThan(PATIENCE);
      await client.request('echo', 'x', { qos: 1 });
    }
    for (let calls = 0; calls < 15; calls++) await client.request('echo', 'x', { qos: 1 });
    expect(hints()).toEqual([expect.stringContaining('set_tcp_nodelay true')]);
  });
});
