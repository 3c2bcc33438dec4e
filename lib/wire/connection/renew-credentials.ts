import type { MqttClient } from 'mqtt';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import { checkCredentials, TLS_CREDENTIALS, type MqttCredentials } from '../../options/credentials.js';
import { OptionChecks } from '../../options/option-checks.js';
import { checkReadable } from '../../options/tls-material.js';
import { inTime } from '../../timing/in-time.js';
import { endpointsOf } from '../network/endpoint.js';
import { CredentialsFailure } from './credentials-failure.js';

/**
 * 5.0 allows a password without a user name (section 3.1.2.9), MQTT.js does not: it gets an empty user name, which the network connection
 * removes.
 */
const PASSWORD_ALONE = '';

/**
 * Calls `credentials()` of the application, if set, before a connection attempt. The credentials of the CONNECT are set on the MQTT.js
 * client.
 *
 * @returns the options of the next connection
 * @throws CredentialsFailure when the function throws, or does not answer in time; InvalidOptionsError when its result is invalid
 */
export async function renewCredentials(
  client: MqttClient,
  options: ResolvedConnectionOptions,
  timeoutMs: number,
  over: AbortSignal,
): Promise<ResolvedConnectionOptions> {
  const { credentials, protocolVersion, mqtt } = options;
  let tls: MqttCredentials = {};
  if (credentials) {
    const given = checkCredentials(await answerOf(credentials, timeoutMs, over), {
      protocolVersion,
      hasAuthenticationMethod: mqtt.properties?.authenticationMethod !== undefined,
      hasTls: endpointsOf(options).some(({ protocol }) => protocol === 'mqtts' || protocol === 'wss'),
    });
    const { username, password, authenticationData } = given;
    tls = tlsOptionsOf(given);
    assertReadable(tls, mqtt);
    Object.assign(client.options, { username, password });
    if (authenticationData) client.options.properties = { ...client.options.properties, authenticationData };
  }
  // an empty user name was set by the previous attempt
  const { username = PASSWORD_ALONE, password } = client.options;
  if (password !== undefined) client.options.username = username;
  const known = username === PASSWORD_ALONE ? undefined : username;
  const own = { ...tls, username: known, password } as ResolvedConnectionOptions['mqtt'];
  return { ...options, mqtt: { ...mqtt, ...own } };
}

async function answerOf(
  credentials: NonNullable<ResolvedConnectionOptions['credentials']>,
  timeoutMs: number,
  over: AbortSignal,
): Promise<MqttCredentials> {
  try {
    return await inTime(credentials(), { what: 'it', timeoutMs, over });
  } catch (error) {
    throw new CredentialsFailure(error);
  }
}

/** Certificate and key default to the options of the same name. */
function assertReadable(given: MqttCredentials, options: ResolvedConnectionOptions['mqtt']): void {
  const { cert, key, passphrase } = options as MqttCredentials;
  const checks = new OptionChecks();
  if (Object.keys(given).length > 0) checkReadable(checks, { cert, key, passphrase, ...given }, 'credentials().');
  checks.done();
}

function tlsOptionsOf(credentials: MqttCredentials): MqttCredentials {
  return Object.fromEntries(
    TLS_CREDENTIALS.filter((name) => credentials[name] !== undefined).map((name) => [name, credentials[name]]),
  );
}
