import { describe, expect, it } from '@jest/globals';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
import { AckPolicy, MqttModule, ServerMqtt } from '../../../lib/index.js';
import { MqttAsyncApi, type AsyncApiDocument, type AsyncApiOptions } from '../../../lib/asyncapi/index.js';
import { channelOf, problemsOf, resolveReference } from '../../support/async-api.js';
import { closeAfterTest } from '../../support/closing.js';
import { applicationOf, preparedApplication } from './application.js';
import { EveryFeatureModule, PASSWORD, TelemetryController } from './every-feature.module.js';

const INFO = { title: 'Every feature', version: '1.0.0' };

async function documentOf(options?: AsyncApiOptions): Promise<AsyncApiDocument> {
  return MqttAsyncApi.createDocument(await preparedApplication(EveryFeatureModule, undefined, 'plant'), INFO, options);
}

const TOPICS: AsyncApiOptions = {
  topics: {
    'orders/{id}': { event: { type: 'object' }, qos: 2, summary: 'Orders' },
    'rpc/price': { request: { type: 'string' }, reply: { type: 'number' } },
    announcements: { event: { type: 'string' } },
    'rpc/plant': { request: { type: 'string' }, reply: { type: 'number' }, broker: 'plant' },
  },
};

describe('the AsyncAPI document', () => {
  it('of a module with every feature satisfies the official parser, in JSON and in YAML', async () => {
    const document = await documentOf(TOPICS);
    expect(await problemsOf(MqttAsyncApi.toJson(document))).toEqual([]);
    expect(await problemsOf(await MqttAsyncApi.toYaml(document))).toEqual([]);
  });

  it('contains no credentials, and no payload of a will', async () => {
    const document = await documentOf();
    expect(JSON.stringify(document)).not.toContain(PASSWORD);
    expect(document.servers['default']!.security).toEqual([{ type: 'userPassword' }]);
  });

  it('is the same on every run, for any order of modules', async () => {
    const first = await MqttAsyncApi.toYaml(await documentOf(TOPICS));
    expect(await MqttAsyncApi.toYaml(await documentOf(TOPICS))).toBe(first);
    const { imports, controllers, providers } = metadataOf(EveryFeatureModule);
    class Reversed {}
    Module({ imports: imports!.toReversed(), controllers: controllers!.toReversed(), providers })(Reversed);
    const reversed = await preparedApplication(Reversed, 'plant', undefined);
    expect(await MqttAsyncApi.toYaml(await MqttAsyncApi.createDocument(reversed, INFO, TOPICS))).toBe(first);
  });

  it('has a server for each broker, with its bindings', async () => {
    const { servers } = await documentOf();
    expect(servers).toEqual({
      default: {
        host: 'localhost:1883',
        protocol: 'mqtt',
        protocolVersion: '5.0',
        security: [{ type: 'userPassword' }],
        bindings: {
          mqtt: {
            clientId: 'every-feature-server',
            cleanSession: true,
            lastWill: { topic: 'wills', qos: 1, retain: true },
            keepAlive: 30,
            sessionExpiryInterval: 60,
            bindingVersion: '0.2.0',
          },
        },
      },
      plant: {
        host: 'plant.example.org:443',
        pathname: '/mqtt',
        protocol: 'wss',
        protocolVersion: '3.1.1',
        bindings: { mqtt: { cleanSession: true, bindingVersion: '0.2.0' } },
      },
    });
  });

  it('describes the subscription and the options of a handler', async () => {
    const document = await documentOf();
    const operation = document.operations['TelemetryController_telemetry']!;
    expect(operation).toMatchObject({
      action: 'receive',
      title: 'TelemetryController.telemetry()',
      summary: 'Stores a reading',
      bindings: { mqtt: { qos: 1, bindingVersion: '0.2.0' } },
      'x-shared-group': 'workers',
      'x-ack-policy': AckPolicy.REJECT_ON_ERROR,
      'x-max-workers': 4,
      'x-retry': { attempts: 3 },
      'x-dead-letter': 'failed/telemetry',
    });
    const { address, parameters, servers } = channelOf(document, operation);
    expect(address).toBe('sites/{site}/devices/{deviceId}/telemetry');
    expect(Object.keys(parameters!)).toEqual(['site', 'deviceId']);
    expect(servers).toEqual([{ $ref: '#/servers/default' }]);
    expect(resolveReference(document, operation.messages[0]!)).toMatchObject({
      name: 'Reading',
      contentType: 'application/json',
      headers: { type: 'object', properties: { site: { type: 'string' } } },
      payload: { $ref: '#/components/schemas/Reading' },
      examples: [{ payload: { celsius: 21 } }],
    });
  });

  it('describes published results and dead letters', async () => {
    const document = await documentOf();
    const results = document.operations['TelemetryController_telemetry_publishTo']!;
    expect(results).toMatchObject({
      action: 'send',
      bindings: { mqtt: { qos: 1, retain: true, messageExpiryInterval: 60 } },
    });
    expect(channelOf(document, results).address).toBe('sites/{site}/devices/{deviceId}/state');
    const letters = document.operations['TelemetryController_telemetry_deadLetter']!;
    expect(letters.action).toBe('send');
    expect(channelOf(document, letters).address).toBe('failed/telemetry');
    expect(JSON.stringify(resolveReference(document, letters.messages[0]!))).toContain('nest-dead-letter-reason');
  });

  it('describes replies at the Response Topic on 5.0, and at a fixed topic on 3.1.1', async () => {
    const document = await documentOf();
    const { reply } = document.operations['CommandController_command']!;
    expect(reply!.address).toEqual({
      location: '$message.header#/responseTopic',
      description: 'Response Topic of the request; `replies/commands` if it has none',
    });
    expect(channelOf(document, reply!).address).toBeNull();
    expect(resolveReference(document, reply!.messages[0]!)).toMatchObject({
      payload: { $ref: '#/components/schemas/Accepted' },
    });
    const onPlant = document.operations['plant_CommandController_command']!.reply!;
    expect(onPlant.address).toBeUndefined();
    expect(channelOf(document, onPlant).address).toBe('replies/commands');
    const tree = document.operations['plant_CommandController_tree']!.reply!;
    expect(channelOf(document, tree).address).toBe('tree/reply');
    expect(document.operations['CommandController_properties']!.reply).toBeUndefined();
  });

  it('leaves out hidden handlers', async () => {
    expect(JSON.stringify(await documentOf())).not.toContain('secret');
  });

  it('knows payloads from @MqttDoc, Standard Schemas, @nestjs/swagger, class-validator and types', async () => {
    const document = await documentOf();
    const payloadOf = (operation: string): unknown =>
      resolveReference<{ payload?: unknown }>(document, document.operations[operation]!.messages[0]!).payload;
    expect(payloadOf('CommandController_sum')).toEqual({ type: 'array', items: { type: 'number' } });
    expect(payloadOf('CommandController_properties')).toEqual({
      type: 'object',
      properties: { name: { type: 'string' }, count: { type: 'number' } },
    });
    expect(payloadOf('TelemetryController_raw')).toEqual({ type: 'string', format: 'binary' });
    const { schemas } = document.components;
    expect(schemas['CommandController_tree_payload']).toMatchObject({
      properties: {
        children: { items: { $ref: '#/components/schemas/CommandController_tree_payload/definitions/node' } },
      },
    });
    expect(schemas['Reading']).toEqual({
      type: 'object',
      properties: {
        celsius: { type: 'number', description: 'Degrees' },
        position: { $ref: '#/components/schemas/Position' },
      },
      required: ['celsius'],
    });
    expect(schemas['Position']).toMatchObject({
      properties: { longitude: { type: ['number', 'null'], examples: [11.6] } },
    });
    expect(schemas['Command']).toMatchObject({ required: ['name'] });
    expect(schemas['Step']).toMatchObject({ properties: { times: { type: 'integer', minimum: 1, maximum: 10 } } });
  });

  it('describes what clients send, from publishers in fields, declared topics and the option topics', async () => {
    const document = await documentOf(TOPICS);
    const messageOf = (operation: string): unknown =>
      resolveReference(document, document.operations[operation]!.messages[0]!);
    expect(document.operations['send_announcements']).toMatchObject({
      action: 'send',
      bindings: { mqtt: { qos: 1, retain: true } }, // from the publisher
    });
    expect(messageOf('send_announcements')).toMatchObject({ payload: { type: 'string' } }); // from the option topics
    expect(channelOf(document, document.operations['send_alarms_deviceId']!).address).toBe('alarms/{deviceId}');
    const orders = document.operations['send_orders_id']!;
    expect(orders).toMatchObject({ summary: 'Orders', bindings: { mqtt: { qos: 2, retain: false } } });
    expect(channelOf(document, orders).address).toBe('orders/{id}');
    const { reply } = document.operations['send_rpc_price']!;
    expect(reply!.address!.location).toBe('$message.header#/responseTopic');
    expect(resolveReference(document, reply!.messages[0]!)).toMatchObject({ payload: { type: 'number' } });
    const onPlant = document.operations['send_plant_rpc_plant']!;
    expect(channelOf(document, onPlant.reply!).address).toBe('rpc/plant/reply');
  });

  it('refuses a topic of an unknown broker', async () => {
    await expect(documentOf({ topics: { a: { broker: 'nowhere' } } })).rejects.toThrow(
      'The topic "a" cannot be described: the application has no broker "nowhere"',
    );
  });

  it('describes a microservice whose server is not a provider, once it is initialized', async () => {
    class Microservice {}
    Module({ controllers: [TelemetryController] })(Microservice);
    const app = await NestFactory.createMicroservice(Microservice, { strategy: new ServerMqtt(), logger: ['error'] });
    closeAfterTest(() => app.close());
    await app.init();
    const document = await MqttAsyncApi.createDocument(app, INFO);
    expect(Object.keys(document.operations)).toContain('TelemetryController_telemetry');
    expect(document.servers['default']!.bindings.mqtt['clientId']).toBeUndefined(); // it is generated at every start
    expect(await problemsOf(document)).toEqual([]);
  });

  it('rejects invalid handlers, as listen() does', async () => {
    class Broken {
      broken(): void {}
    }
    EventPattern<string>('a/{b')(
      Broken.prototype,
      'broken',
      Object.getOwnPropertyDescriptor(Broken.prototype, 'broken')!,
    );
    const app = await applicationOf({ imports: [MqttModule.forRoot()], controllers: [Broken] });
    await expect(MqttAsyncApi.createDocument(app, INFO)).rejects.toThrow('a/{b');
  });

  it('uses a Standard Schema that is given to @Payload (Nest 12)', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input: () => ({ type: 'integer' }), output: () => ({ type: 'integer' }) },
      },
    };
    class Validated {
      check(value: unknown): unknown {
        return value;
      }
    }
    (Payload as (options: object) => ParameterDecorator)({ schema })(Validated.prototype, 'check', 0);
    Reflect.defineMetadata('design:paramtypes', [Object], Validated.prototype, 'check');
    MessagePattern('check')(
      Validated.prototype,
      'check',
      Object.getOwnPropertyDescriptor(Validated.prototype, 'check')!,
    );
    const app = await applicationOf({ imports: [MqttModule.forRoot()], controllers: [Validated] });
    const document = await MqttAsyncApi.createDocument(app, INFO);
    const message = resolveReference<{ payload?: unknown }>(
      document,
      document.operations['Validated_check']!.messages[0]!,
    );
    expect(message.payload).toEqual(nestKeepsSchemas() ? { type: 'integer' } : undefined);
  });
});

function nestKeepsSchemas(): boolean {
  return (globalThis as unknown as { NEST_MAJOR: number }).NEST_MAJOR >= 12;
}

function metadataOf(module: object): ModuleMetadata {
  const of = (key: keyof ModuleMetadata): never => Reflect.getMetadata(key, module) as never;
  return { imports: of('imports'), controllers: of('controllers'), providers: of('providers') };
}
