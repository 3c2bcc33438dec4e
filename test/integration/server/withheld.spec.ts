import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { HealthIndicatorService } from '@nestjs/terminus';
import { MqttHealthIndicator } from '../../../lib/health/index.js';
import { AckPolicy } from '../../../lib/index.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const WINDOW = 8;

describe('NACK_ON_ERROR without redelivery (fault 6)', () => {
  it('health, the indicator and the log say that the window fills with withheld messages', async () => {
    const { url } = await startInProcessBroker();
    const seen = new Journal<string>();

    @Controller()
    class Jobs {
      @EventPattern<string>('jobs', { qos: 1, ackPolicy: AckPolicy.NACK_ON_ERROR })
      run(@Payload() name: string): void {
        seen.add(name);
        if (name !== 'good') throw new Error('not now');
      }
    }
    const options = { ...durable(connectionTo(url)), maxConcurrency: WINDOW };
    const { server } = await startServer(options, { controllers: [Jobs] });
    const peer = await connectMqttJs(connectionTo(url));
    expect(server.health()).toMatchObject({ withheld: 0, window: { size: WINDOW, used: 0 } });

    await peer.publishAsync('jobs', 'good', { qos: 1 });
    for (let i = 0; i < 5; i++) await peer.publishAsync('jobs', `bad ${i}`, { qos: 1 });
    await eventually(() => server.health()!.withheld === 5, 'five are withheld');
    expect(server.health()!.window).toEqual({ size: WINDOW, used: 5 });
    expect(transportLogs('warn').join('\n')).not.toMatch(/messages are withheld/);

    for (let i = 5; i < 10; i++) await peer.publishAsync('jobs', `bad ${i}`, { qos: 1 });
    await eventually(() => server.health()!.withheld === WINDOW, 'the window is full');
    expect(server.health()!.window).toEqual({ size: WINDOW, used: WINDOW });
    expect(seen.size).toBe(1 + WINDOW);
    const warnings = transportLogs('warn').filter((line) => line.includes('messages are withheld'));
    expect(warnings).toEqual([
      expect.stringMatching(/^6 messages are withheld, of at most 8 .* Set the option redelivery/),
    ]);

    const indicator = new MqttHealthIndicator(new HealthIndicatorService());
    expect(await indicator.isHealthy('mqtt', server)).toMatchObject({ mqtt: { status: 'up', withheld: WINDOW } });
    expect(await indicator.isHealthy('mqtt', server, { maxWithheld: WINDOW })).toMatchObject({
      mqtt: { status: 'up' },
    });
    expect(await indicator.isHealthy('mqtt', server, { maxWithheld: WINDOW - 1 })).toMatchObject({
      mqtt: { status: 'down', message: '8 messages are withheld' },
    });
  });
});
