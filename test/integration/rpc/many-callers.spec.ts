import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient, startServer } from '../../support/nest-application.js';

const CLIENTS = 10;
const REQUESTS_EACH = 100;

describeEachBroker(
  'many callers',
  (broker) => {
    it.each([0, 1] as const)('1,000 concurrent send()s from 10 clients at QoS %i: each its own answer', async (qos) => {
      let handled = 0;

      @Controller()
      class Echo {
        @MessagePattern('many/echo', { qos })
        async echo(@Payload() question: { client: number; request: number }): Promise<object> {
          handled++;
          // answers leave in another order than their requests came
          await new Promise<void>((resolve) => (question.request % 2 ? setImmediate(resolve) : resolve()));
          return { answerTo: question };
        }
      }

      await startServer({ ...broker.connection, publishOptions: { qos } }, { controllers: [Echo] });
      const questions = Array.from({ length: CLIENTS }, (_, client) =>
        Array.from({ length: REQUESTS_EACH }, (_unused, request) => ({ client, request })),
      );
      const answers = await Promise.all(
        questions.map((own) => {
          const client = createClient({ ...broker.connection, publishOptions: { qos } });
          return Promise.all(own.map((question) => firstValueFrom(client.send('many/echo', question))));
        }),
      );
      expect(answers).toEqual(questions.map((own) => own.map((question) => ({ answerTo: question }))));
      expect(handled).toBe(CLIENTS * REQUESTS_EACH);
    });
  },
  { versions: [5] },
);
