import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient, startServer } from '../../support/nest-application.js';

/** A wire format of the application's own, written for Nest's transports. */
const foreign = {
  request: { serialize: ({ data, id }: { data: unknown; id?: string }) => ({ body: data, id }) },
  requestReader: { deserialize: (value: { body: unknown; id?: string }) => ({ data: value.body, id: value.id }) },
  reply: { serialize: ({ response, id }: { response: unknown; id?: string }) => ({ answer: response, id }) },
  replyReader: {
    deserialize: (value: { answer: unknown; id?: string }) => ({
      response: value.answer,
      id: value.id,
      isDisposed: true,
    }),
  },
};

describeEachBroker('the serializer and deserializer options of Nest', (broker) => {
  it('keep working, in requests and in replies', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Echo {
      @MessagePattern('serializers/double')
      double(@Payload() n: number): number {
        seen.push(n);
        return n * 2;
      }
    }
    await startServer(
      { ...broker.connection, serializer: foreign.reply, deserializer: foreign.requestReader },
      { controllers: [Echo] },
    );
    const client = createClient({
      ...broker.connection,
      serializer: foreign.request,
      deserializer: foreign.replyReader,
    });
    await expect(firstValueFrom(client.send('serializers/double', 21))).resolves.toBe(42);
    expect(seen).toEqual([21]);
  });
});
