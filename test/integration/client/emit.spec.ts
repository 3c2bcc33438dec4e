import { describe, expect, it } from '@jest/globals';
import { InvalidMessageException } from '@nestjs/microservices/errors/invalid-message.exception.js';
import { firstValueFrom } from 'rxjs';
import { InvalidTopicError, type ClientMqtt } from '../../../lib/index.js';
import { eventually } from '../../support/deadline.js';
import { transportLogs } from '../../support/logs.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

async function scene(): Promise<ClientMqtt> {
  const { url } = await startInProcessBroker();
  return createClient(connectionTo(url, 5));
}

describe('emit()', () => {
  it('refuses an event without a pattern or without data, as Nest does', async () => {
    const client = await scene();
    await expect(firstValueFrom(client.emit(undefined, 1))).rejects.toThrow(InvalidMessageException);
    await expect(firstValueFrom(client.emit('a', undefined))).rejects.toThrow(InvalidMessageException);
  });

  it('logs why an event was not published when nobody subscribes: nobody else would know', async () => {
    const client = await scene();
    client.emit('devices/#', 1);
    client.emit({ cmd: Symbol('none') }, 1);
    await eventually(() => transportLogs('error').length === 2, 'two lines in the log');
    expect(transportLogs('error').toSorted()).toEqual([
      expect.stringMatching(/^The event on "an invalid pattern" was not published: .*object with values/),
      expect.stringMatching(
        /^The event on "devices\/#" was not published: .*Topic Name must not contain the wildcards/,
      ),
    ]);
  });

  it('tells a subscriber alone', async () => {
    const client = await scene();
    await expect(firstValueFrom(client.emit('devices/#', 1))).rejects.toThrow(InvalidTopicError);
    expect(transportLogs('error')).toEqual([]);
  });
});
