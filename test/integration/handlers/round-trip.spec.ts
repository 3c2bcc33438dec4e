import { isUtf8 } from 'node:buffer';
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import * as fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { PayloadEncodeError, type ClientMqtt, type MqttContext, type UserProperties } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';

const RUNS = 40;

interface Arrived {
  readonly data: unknown;
  readonly userProperties: Readonly<UserProperties>;
}

const arrived = new Journal<Arrived>();

@Controller()
class Receiver {
  @EventPattern<string>('round-trip/event')
  event(@Payload() data: unknown, @Ctx() { userProperties }: MqttContext): void {
    arrived.add({ data, userProperties });
  }

  @MessagePattern('round-trip/echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

/** JSON has one zero, and no numbers that are none. */
const jsonValue = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const structured = jsonValue.filter((value) => typeof value !== 'string');
const text = fc.string({ unit: 'binary', maxLength: 200 });
const emoji = fc.string({ unit: 'grapheme', maxLength: 50 });
const bytes = fc.uint8Array({ maxLength: 500 }).map((array) => Buffer.from(array));
/**
 * MQTT strings hold neither U+0000 nor lone surrogates; over control characters and noncharacters a broker may end the connection
 * (section 1.5.4), and Mosquitto does.
 */
const FORBIDDEN = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;
const mqttString = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !FORBIDDEN.test(value));
/** mqtt-packet loses empty values of a name that is repeated. */
const repeated = mqttString.filter((value) => value !== '');
const propertyValue = fc.oneof(mqttString, fc.array(repeated, { minLength: 2, maxLength: 4 }));
/** Names that begin with nest- are the transport's. */
const propertyName = mqttString.filter((name) => !name.startsWith('nest-'));
const userProperties = fc.dictionary(propertyName, propertyValue, { maxKeys: 5, noNullPrototype: true });

/** What the decoding rules make of a payload that nothing is said about. */
function byContent(payload: Buffer): unknown {
  if (!isUtf8(payload)) return payload;
  try {
    return JSON.parse(payload.toString()) as unknown;
  } catch {
    return payload.toString();
  }
}

async function sent(client: ClientMqtt, data: unknown, options = {}): Promise<Arrived> {
  arrived.clear();
  await client.publish('round-trip/event', data, options);
  return (await arrived.atLeast(1))[0]!;
}

/** Runs a property with a server and a client that have said hello to each other. */
async function holds<T>(
  connection: Parameters<typeof createClient>[0],
  values: fc.Arbitrary<T>,
  predicate: (client: ClientMqtt, value: T) => Promise<void>,
): Promise<void> {
  await startServer(connection, { controllers: [Receiver] });
  const client = createClient(connection);
  const property = fc.asyncProperty(values, (value) => predicate(client, value));
  await fc.assert(property, { numRuns: RUNS });
}

describeEachBroker(
  'what is sent comes as it went (row 25)',
  (broker) => {
    it.each<[string, fc.Arbitrary<unknown>]>([
      ['any JSON value', jsonValue],
      ['any well-formed text', text],
      ['any text that people write', emoji],
      ['any bytes', bytes],
    ])('%s', (_what, values) =>
      expect(
        holds(broker.connection, values, async (client, value) => {
          deepStrictEqual((await sent(client, value)).data, value);
          if (value !== null) deepStrictEqual(await firstValueFrom(client.send('round-trip/echo', value)), value);
        }),
      ).resolves.toBeUndefined(),
    );

    it('any User Properties, repeats in their order', () =>
      expect(
        holds(broker.connection, userProperties, async (client, properties) => {
          const got = (await sent(client, 'x', { userProperties: properties })).userProperties;
          deepStrictEqual(new Map(Object.entries(got)), new Map(Object.entries(properties)));
        }),
      ).resolves.toBeUndefined());
  },
  { versions: [5] },
);

describeEachBroker(
  'what is sent comes by the documented rules (row 25)',
  (broker) => {
    it('any JSON value that is no text, as it went', () =>
      expect(
        holds(broker.connection, structured, async (client, value) => {
          deepStrictEqual((await sent(client, value)).data, value);
        }),
      ).resolves.toBeUndefined());

    it.each<[string, fc.Arbitrary<string | Buffer>]>([
      ['any text: as JSON if it parses', text],
      ['any text that looks like JSON', fc.json()],
      ['any bytes: as JSON, as text, as bytes', bytes],
    ])('%s', (_what, values) =>
      expect(
        holds(broker.connection, values, async (client, value) => {
          deepStrictEqual((await sent(client, value)).data, byContent(Buffer.from(value as string)));
        }),
      ).resolves.toBeUndefined(),
    );

    it("any JSON value, texts among them, of a request in Nest's envelope", () =>
      expect(
        holds(
          broker.connection,
          jsonValue.filter((value) => value !== null),
          async (client, value) => {
            deepStrictEqual(await firstValueFrom(client.send('round-trip/echo', value)), value);
          },
        ),
      ).resolves.toBeUndefined());
  },
  { versions: [4] },
);

describeEachBroker('a lone surrogate', (broker) => {
  it('is refused before it is sent, wherever in a text it stands', () =>
    expect(
      holds(
        broker.connection,
        fc.tuple(text, fc.integer({ min: 0xd800, max: 0xdfff }), text),
        async (client, [a, unit, b]) => {
          const lone = `${a}${String.fromCharCode(unit)}${b}`;
          if (lone.isWellFormed()) return; // it has found its other half
          const error: unknown = await client.publish('round-trip/event', lone).catch((reason: unknown) => reason);
          strictEqual(error instanceof PayloadEncodeError, true);
        },
      ),
    ).resolves.toBeUndefined());
});
