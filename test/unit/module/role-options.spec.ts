import { describe, expect, it } from '@jest/globals';
import { clientOptionsOf, serverOptionsOf } from '../../../lib/module/role-options.js';
import type { MqttModuleOptions } from '../../../lib/module/mqtt-module-options.js';
import { AckPolicy } from '../../../lib/options/ack-policy.js';
import { resolveClientOptions } from '../../../lib/options/client-options.js';
import { resolveServerOptions } from '../../../lib/options/server-options.js';
import { deepFrozen } from '../options/problems.js';

const connection = {
  url: 'mqtt://broker',
  keepalive: 5,
  username: 'u',
  password: 'p',
  reconnect: { maxAttempts: 3 },
  codec: undefined,
  publishOptions: { qos: 1 as const },
  gracefulTimeout: 1,
};
const serverOnly = {
  subscribeOptions: { qos: 1 as const, ackPolicy: AckPolicy.NACK_ON_ERROR },
  maxConcurrency: 7,
  handlerTimeout: 2,
  redelivery: { reconnect: true as const },
  qos0Buffer: { size: 3 },
  maxPayloadBytes: 4,
  onStaleSubscription: 'unsubscribe' as const,
  allowedResponseTopics: ['reply/#'],
  transportId: Symbol.for('transport'),
};
const clientOnly = {
  requestTimeout: 5,
  responseTopicPrefix: 'answers',
  maxPendingRequests: 6,
  offline: 'fail' as const,
  maxQueuedMessages: 8,
  envelope: 'nest' as const,
  requestFormat: 'plain' as const,
  userProperties: { site: '7' },
};
const session = {
  clientId: 'orders',
  clean: false,
  will: { topic: 'w', payload: 'gone' },
  properties: { sessionExpiryInterval: 60, userProperties: { a: '1' } },
};
const options: MqttModuleOptions = deepFrozen({ ...connection, ...serverOnly, ...clientOnly, ...session });

describe('the options of the module', () => {
  it('give the server its own, the connection and the session', () => {
    expect(serverOptionsOf(options)).toEqual({ ...connection, ...serverOnly, ...session, clientId: 'orders-server' });
  });

  it('give the client its own and the connection, and neither will nor session', () => {
    expect(clientOptionsOf(options)).toEqual({
      ...connection,
      ...clientOnly,
      clientId: 'orders-client',
      properties: { userProperties: { a: '1' } },
    });
  });

  it('give both the time that closing may take', () => {
    expect(serverOptionsOf(options).gracefulTimeout).toBe(1);
    expect(clientOptionsOf(options).gracefulTimeout).toBe(1);
  });

  it('are valid for both', () => {
    expect(() => resolveServerOptions(serverOptionsOf(options))).not.toThrow();
    expect(() => resolveClientOptions(clientOptionsOf(options))).not.toThrow();
  });

  it('give each a random Client Identifier where there is none', () => {
    expect(serverOptionsOf({})).toEqual({});
    expect(clientOptionsOf({})).toEqual({});
    expect(clientOptionsOf({ properties: { sessionExpiryInterval: 1 } }).properties).toBeUndefined();
  });
});
