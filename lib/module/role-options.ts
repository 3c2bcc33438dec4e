import type { MqttClientOptions } from '../options/client-options.js';
import type { MqttServerOptions } from '../options/server-options.js';
import type { MqttModuleOptions } from './mqtt-module-options.js';

/** The server's part of the module's options. */
export function serverOptionsOf(options: MqttModuleOptions): MqttServerOptions {
  const {
    requestTimeout: _requestTimeout,
    responseTopicPrefix: _responseTopicPrefix,
    maxPendingRequests: _maxPendingRequests,
    offline: _offline,
    maxQueuedMessages: _maxQueuedMessages,
    envelope: _envelope,
    requestFormat: _requestFormat,
    userProperties: _userProperties,
    topicTemplates: _topicTemplates,
    ...server
  } = options;
  return { ...server, ...clientIdOf(options, 'server') };
}

/**
 * The client's part of the module's options. Its session ends with its connection: nothing but its inbox is subscribed there,
 * and the will is the server's, or it would be published twice.
 */
export function clientOptionsOf(options: MqttModuleOptions): MqttClientOptions {
  const {
    transportId: _transportId,
    subscribeOptions: _subscribeOptions,
    maxConcurrency: _maxConcurrency,
    handlerTimeout: _handlerTimeout,
    redelivery: _redelivery,
    qos0Buffer: _qos0Buffer,
    maxPayloadBytes: _maxPayloadBytes,
    onStaleSubscription: _onStaleSubscription,
    allowedResponseTopics: _allowedResponseTopics,
    waitForBroker: _waitForBroker,
    will: _will,
    clean: _clean,
    ...client
  } = options;
  return { ...client, ...clientIdOf(options, 'client'), ...sessionlessProperties(options) };
}

/** Two connections with one Client Identifier would evict each other: each role has its own. */
function clientIdOf({ clientId }: MqttModuleOptions, role: 'server' | 'client'): { clientId?: string } {
  return clientId ? { clientId: `${clientId}-${role}` } : {};
}

function sessionlessProperties({ properties }: MqttModuleOptions): Pick<MqttClientOptions, 'properties'> {
  if (!properties) return {};
  const { sessionExpiryInterval: _sessionExpiryInterval, ...rest } = properties;
  return Object.keys(rest).length > 0 ? { properties: rest } : { properties: undefined };
}
