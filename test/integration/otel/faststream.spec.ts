import { beforeEach, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { mqttTelemetry } from '../../../lib/otel/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { describeWithFastStream, startFastStream } from '../../support/faststream.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { TestTelemetry } from '../../support/telemetry.js';

const telemetry = TestTelemetry.register();
beforeEach(() => telemetry.spans.clear());

describeWithFastStream('traces with FastStream', () => {
  describeEachBroker(
    'its OpenTelemetry middleware',
    (broker) => {
      it('hands on the trace of a message with its results', async () => {
        @Controller()
        class Answers {
          @EventPattern<unknown>('fs/double/answers')
          answer(@Payload() _value: unknown): void {}
        }
        const observers = [mqttTelemetry()];
        await startFastStream(broker.connection, 'traced');
        await startServer({ ...broker.connection, observers }, { controllers: [Answers] });
        const client = createClient({ ...broker.connection, observers, topicTemplates: ['fs/double'] });
        await client.publish('fs/double', 21, { qos: 1 });

        const published = await telemetry.span('publish fs/double');
        const processed = await telemetry.span('process fs/double/answers');
        expect(processed.spanContext().traceId).toBe(published.spanContext().traceId);
        // its result carries the context of the message that it comes from, not that of the handler's span
        expect(processed.parentSpanContext?.spanId).toBe(published.spanContext().spanId);
        expect(processed.parentSpanContext?.isRemote).toBe(true);
      });

      it('begins a trace, which goes on here', async () => {
        @Controller()
        class Events {
          @EventPattern<unknown>('nest/traced')
          event(@Payload() _value: unknown): void {}
        }
        const peer = await startFastStream(broker.connection, 'traced');
        await startServer({ ...broker.connection, observers: [mqttTelemetry()] }, { controllers: [Events] });
        await peer.publish('nest/traced', 1);
        const processed = await telemetry.span('process nest/traced');
        expect(processed.parentSpanContext?.isRemote).toBe(true);
      });
    },
    { versions: [5] },
  );
});
