import { connect, type MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import type { ResolvedConnectionOptions } from '../options/connection-options.js';

/** MQTT.js keeps what is under way only while it means to reconnect; when to do so is decided by {@link Connection}. */
const NEVER_BY_ITSELF_MS = 0x7fff_ffff;

/**
 * MQTT.js tells the package `debug` about each step that it takes, which looks up each time whether anybody listens: 8 % of the
 * CPU time of an event that is received. Without `DEBUG` in the environment nobody does.
 */
// oxlint-disable-next-line node/no-process-env
const UNHEARD = process.env['DEBUG'] === undefined ? { log: (): void => {} } : {};

/** An MQTT.js client that has not connected yet, and does so only when told. */
export function createMqttClient({ url, protocolVersion, mqtt }: ResolvedConnectionOptions): MqttClient {
  const options = {
    ...UNHEARD,
    ...mqtt, // MQTT.js writes into what it is given
    protocolVersion,
    protocolId: 'MQTT',
    manualConnect: true,
    reconnectPeriod: NEVER_BY_ITSELF_MS,
    resubscribe: false,
    queueQoSZero: false,
  } as const;
  return url ? connect(withoutCredentials(url), { ...options, ...credentialsOf(url) }) : connect(options);
}

/**
 * Begins a network connection.
 *
 * @param onError told what goes wrong with the socket
 */
export function connectMqttClient(
  client: MqttClient,
  { mqtt, noDelay }: ResolvedConnectionOptions,
  onError: (error: Error) => void,
): void {
  // MQTT.js keeps the name of the first host that it connects to, and would expect it of every other one
  if (mqtt.servername === undefined) delete client.options.servername;
  client.connect();
  const { stream } = client;
  stream.on('error', onError); // MQTT.js swallows those without a code
  if (noDelay && 'setNoDelay' in stream) (stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
}

/** MQTT.js splits user name and password after it has decoded them, at the last colon, wherever that comes from. */
function credentialsOf(url: string): { username?: string; password?: string } {
  const { username, password } = new URL(url);
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

function withoutCredentials(url: string): string {
  const bare = new URL(url);
  bare.username = bare.password = '';
  return bare.href;
}

/** Where a connection goes, for logs and errors: without credentials. */
export function brokerLabel({ url, mqtt }: ResolvedConnectionOptions): string {
  if (url) {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  }
  const { protocol = 'mqtt', host, port, servers } = mqtt;
  const hosts = servers ?? [{ host, port }];
  return `${protocol}://${hosts.map(hostLabel).join(',')}`;
}

function hostLabel({ host = 'localhost', port }: { host?: string | undefined; port?: number | undefined }): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

/** What the broker is given to acknowledge what is under way before the connection ends without that. */
const END_TIMEOUT_MS = 2_000;

/** Ends a client in order, or by force where that takes too long. Never rejects. */
export function endMqttClient(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (!client.stream) {
      resolve();
      return;
    }
    const timer = setTimeout(() => {
      if (client.connected) disconnect(client);
      setImmediate(() => client.stream.destroy()); // MQTT.js waits for what is under way, and does not notice that it cannot end any more
      resolve();
    }, END_TIMEOUT_MS);
    client.end(!client.connected, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Writes a DISCONNECT, whatever is still under way, so that the broker does not publish the will. */
export function disconnect({ stream, options }: MqttClient): void {
  writeToStream({ cmd: 'disconnect' }, stream, { protocolVersion: options.protocolVersion! });
}
