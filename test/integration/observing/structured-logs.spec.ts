import { afterEach, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { RecordingObserver } from '../../support/recording-observer.js';
import { MessageJsonLogger, MessageLogContext } from './recipes/message-log-context.js';

interface JsonLine {
  readonly message: string;
  readonly mqtt?: object;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describeEachBroker("Nest's JSON logger", (broker) => {
  it('shows the message that a line belongs to, the lines of the transport included, and no payload', async () => {
    const printed: string[] = [];
    const keep = (text: unknown): boolean => printed.push(String(text)) > 0;
    const logger = new MessageJsonLogger();

    @Controller()
    class Devices {
      @EventPattern<unknown>('logged/{deviceId}', { qos: 1, retry: { attempts: 2, delay: 1 } })
      async device(@Payload() _value: unknown): Promise<void> {
        await new Promise(setImmediate);
        logger.warn('the device is late', 'Devices');
        throw new Error('it fails');
      }
    }
    const watching = new RecordingObserver();
    await startServer(
      { ...broker.connection, observers: [new MessageLogContext(), watching] },
      { controllers: [Devices] },
    );
    jest.spyOn(process.stdout, 'write').mockImplementation(keep);
    jest.spyOn(process.stderr, 'write').mockImplementation(keep);
    await createClient(broker.connection).publish('logged/7', 'a secret', { qos: 1 });
    await watching.told.first(({ hook }) => hook === 'completed');
    jest.restoreAllMocks();

    const lines = printed.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as JsonLine);
    const late = lines.filter(({ message }) => message === 'the device is late');
    const mqtt = { template: 'logged/{deviceId}', packetId: expect.any(Number) };
    expect(late.map((line) => line.mqtt)).toEqual([
      { ...mqtt, attempt: 1 },
      { ...mqtt, attempt: 2 },
    ]);
    expect(printed.join('')).not.toContain('a secret');
  });
});
