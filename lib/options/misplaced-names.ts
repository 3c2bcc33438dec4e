import { PROPERTY_NAMES } from './connection-options.js';
import { PUBLISH_DEFAULT_NAMES } from './publish-options.js';
import { OF_CLIENTS, OF_SERVERS } from './role-names.js';
import { SUBSCRIPTION_NAMES } from './subscription-options.js';

/** What to do about a name that exists elsewhere; undefined for a name that does not. */
type RemedyOf = (name: string) => string | undefined;

const FLAT = 'Options are flat here: give what is inside it at the top level';
const STRATEGY = '{ strategy: new ServerMqtt({ url }) }, or MqttModule.forRoot({ url })';
const CUSTOM_CLASS = '{ customClass: ClientMqtt, options: { url } }';

/** What Nest's own transports are configured with, at a server. */
const NEST_SERVER: ReadonlyMap<string, string> = new Map([
  ['options', FLAT],
  ['transport', `Remove it: ServerMqtt takes its place, ${STRATEGY}`],
  ['strategy', `It is an option of createMicroservice() and connectMicroservice(): ${STRATEGY}`],
]);

/** The same at a client. */
const NEST_CLIENT: ReadonlyMap<string, string> = new Map([
  ['options', FLAT],
  ['transport', `Remove it: ClientMqtt takes its place, in ClientsModule ${CUSTOM_CLASS}`],
  ['customClass', `It is an option of ClientsModule: ${CUSTOM_CLASS}`],
]);

/** For a name at the top level of a server's options. */
export const outsideServer: RemedyOf = (name) => {
  const published = PUBLISH_DEFAULT_NAMES.has(name) && `publishOptions: { ${name} } for replies`;
  const subscribed = SUBSCRIPTION_NAMES.has(name) && `subscribeOptions: { ${name} }`;
  if (Object.hasOwn(OF_CLIENTS, name)) return ofRole('ClientMqtt');
  if (published && subscribed) return `Give it in ${subscribed} for handlers, or in ${published}`;
  if (published || subscribed) return `Give it in ${published || subscribed}`;
  return NEST_SERVER.get(name) ?? ofConnect(name);
};

/** For a name at the top level of a client's options. */
export const outsideClient: RemedyOf = (name) => {
  if (Object.hasOwn(OF_SERVERS, name)) return ofRole('ServerMqtt');
  if (PUBLISH_DEFAULT_NAMES.has(name)) return `Give it in publishOptions: { ${name} }`;
  if (SUBSCRIPTION_NAMES.has(name)) return 'It is an option of handlers, and so of ServerMqtt: see subscribeOptions';
  return NEST_CLIENT.get(name) ?? ofConnect(name);
};

function ofRole(role: string): string {
  return `It is an option of ${role} and of MqttModule`;
}

/** Names that one may expect for the path of a file: options hold its content. */
const PATHS: ReadonlyMap<string, string> = new Map(
  ['ca', 'cert', 'key'].flatMap((name) => [`${name}Path`, `${name}File`].map((path) => [path, name] as const)),
);

/** Properties of the CONNECT are not options of MQTT.js, as `clean` and `keepalive` are. */
function ofConnect(name: string): string | undefined {
  const content = PATHS.get(name);
  if (content !== undefined) return `Give ${content}: readFileSync(path)`;
  if (!PROPERTY_NAMES.has(name)) return undefined;
  const unit = name === 'sessionExpiryInterval' ? ', in seconds' : '';
  return `Give it in properties: { ${name} }${unit}`;
}
