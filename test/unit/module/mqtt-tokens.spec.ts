import { describe, expect, it } from '@jest/globals';
import { ClientMqtt } from '../../../lib/client/mqtt.client.js';
import { getMqttClientToken, getMqttServerToken, getMqttTransportId } from '../../../lib/module/mqtt-tokens.js';
import { ServerMqtt } from '../../../lib/server/mqtt.server.js';

describe('tokens', () => {
  it('are the classes where there is one broker', () => {
    expect(getMqttServerToken()).toBe(ServerMqtt);
    expect(getMqttClientToken()).toBe(ClientMqtt);
  });

  it('tell named brokers, their servers and their clients apart', () => {
    const tokens = ['plant', 'cloud'].flatMap((name) => [getMqttServerToken(name), getMqttClientToken(name)]);
    expect(new Set(tokens).size).toBe(4);
  });

  it('are the same in every copy of this package', () => {
    expect(getMqttTransportId('plant')).toBe(getMqttTransportId('plant'));
    expect(getMqttTransportId('plant')).not.toBe(getMqttTransportId('cloud'));
    expect(Symbol.keyFor(getMqttTransportId('plant'))).toBe('nestjs-mqtt-transport:plant');
  });
});
