import { createSecureContext } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { AckPolicy, ClientMqtt, jsonCodec, MqttSubscription, PublishTo, ServerMqtt } from '../../../lib/index.js';
import { createServer } from '../../support/nest-application.js';

@Controller()
@MqttSubscription({ prefix: 'site/', shared: 'group' })
class DescribedController {
  @PublishTo('{id}/state', { qos: 1 })
  @MqttSubscription({ ackPolicy: AckPolicy.REJECT_ON_ERROR })
  @EventPattern(['{id}/telemetry', 'all/{id}/#'])
  telemetry(): void {}

  @MqttSubscription({ shared: false })
  @MessagePattern({ cmd: 'sum' }, { qos: 2 })
  sum(): number {
    return 0;
  }
}

describe('describe()', () => {
  it('gives handlers with what is subscribed, before listen()', async () => {
    const { app, server } = await createServer({}, { controllers: [DescribedController] });
    expect(server.describe().handlers).toEqual([]); // Nest has not registered them yet
    await app.init();
    const { handlers, transportId } = server.describe();
    expect(transportId).toBe(Transport.MQTT);
    expect(
      handlers.map(({ kind, subscription, filter, group, template }) => [kind, subscription, filter, group, template]),
    ).toEqual([
      ['event', '$share/group/site/+/telemetry', 'site/+/telemetry', 'group', 'site/{id}/telemetry'],
      ['event', '$share/group/site/all/+/#', 'site/all/+/#', 'group', 'site/all/{id}/#'],
      ['request', 'site/{"cmd":"sum"}', 'site/{"cmd":"sum"}', undefined, 'site/{"cmd":"sum"}'],
    ]);
    const [telemetry, all, sum] = handlers;
    expect(telemetry!.captures).toEqual([{ name: 'id', level: 1 }]);
    expect(telemetry!.publishTo).toEqual([{ topic: '{id}/state', options: { qos: 1 } }]);
    expect(telemetry!.options).toMatchObject({ qos: 0, ackPolicy: AckPolicy.REJECT_ON_ERROR });
    expect(telemetry!.extras).toBe(all!.extras); // of one method
    expect(sum!.options).toMatchObject({ qos: 2, prefix: 'site/' });
  });

  it('tells where a server connects, without what is secret', () => {
    const server = new ServerMqtt({
      name: 'plant',
      url: 'wss://user:secret@[::1]:8084/mqtt?token=secret',
      protocolVersion: 5,
      clientId: 'me',
      clean: false,
      keepalive: 10,
      properties: { sessionExpiryInterval: 60, maximumPacketSize: 1_000 },
      will: { topic: 'wills', payload: Buffer.from('secret'), qos: 1, retain: true },
      ...{ secureContext: createSecureContext() }, // with it, cert and key are not read
      cert: '-----BEGIN CERTIFICATE----- secret',
      key: '-----BEGIN PRIVATE KEY----- secret',
      codec: jsonCodec,
    });
    const { connection, codec } = server.describe();
    expect(connection).toEqual({
      name: 'plant',
      endpoints: [{ protocol: 'wss', host: '::1', port: 8084, path: '/mqtt' }],
      protocolVersion: 5,
      clientId: 'me',
      clean: false,
      keepalive: 10,
      sessionExpiryInterval: 60,
      maximumPacketSize: 1_000,
      will: { topic: 'wills', qos: 1, retain: true },
      authentication: ['userPassword', 'X509'],
    });
    expect(codec).toBe(jsonCodec);
  });

  it('tells where a client connects, before it does', () => {
    const client = new ClientMqtt({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      credentials: () => ({ username: 'user', password: 'secret' }),
      publishOptions: { qos: 1 },
      topicTemplates: ['devices/{id}/set'],
    });
    expect(client.describe()).toEqual({
      connection: {
        name: undefined,
        endpoints: [
          { protocol: 'mqtt', host: 'a', port: 1, path: undefined },
          { protocol: 'mqtt', host: 'b', port: 2, path: undefined },
        ],
        protocolVersion: 5,
        clientId: undefined, // another one at every start
        clean: true,
        keepalive: undefined,
        sessionExpiryInterval: undefined,
        maximumPacketSize: undefined,
        will: undefined,
        authentication: ['userPassword'],
      },
      publishOptions: { qos: 1 },
      topicTemplates: ['devices/{id}/set'],
    });
  });
});
