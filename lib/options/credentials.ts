import type { SecureContextOptions } from 'node:tls';
import { kindOf, OptionChecks } from './option-checks.js';
import { checkPem } from './pem.js';

/** Credentials for one connection attempt. */
export interface MqttCredentials {
  /** User Name of the CONNECT. */
  username?: string;
  /** Password of the CONNECT; on 5.0 a user name is not required. */
  password?: string | Buffer;
  /** Authentication Data (5.0); requires `properties.authenticationMethod`. */
  authenticationData?: Buffer;
  /** Certificate chain of the client, as for `tls.connect`. */
  cert?: SecureContextOptions['cert'];
  /** Private key of the certificate. */
  key?: SecureContextOptions['key'];
  /** Passphrase of the key, or of the PFX file. */
  passphrase?: string;
  /** Key and certificate chain as PFX or PKCS12, in place of `cert` and `key`. */
  pfx?: SecureContextOptions['pfx'];
}

/** The options of the connection that restrict its credentials. */
interface Surroundings {
  readonly protocolVersion: 4 | 5;
  readonly hasAuthenticationMethod: boolean;
  readonly hasTls: boolean;
}

type Name = keyof MqttCredentials;
/** Credentials that are options of `tls.connect`. */
export const TLS_CREDENTIALS = ['cert', 'key', 'passphrase', 'pfx'] as const satisfies readonly Name[];

const isText = (value: unknown): boolean => typeof value === 'string';
const isBytes = (value: unknown): boolean => value instanceof Uint8Array;
const isTextOrBytes = (value: unknown): boolean => isText(value) || isBytes(value);
/** One PEM, or an array of them; each may be an object with its own passphrase. */
const isPem = (value: unknown): boolean =>
  isTextOrBytes(value) ||
  (Array.isArray(value) && value.every((part) => isTextOrBytes(part) || part instanceof Object));

const KINDS: Readonly<Record<Name, readonly [isOne: (value: unknown) => boolean, remedy: string]>> = {
  username: [isText, 'Give a string'],
  password: [isTextOrBytes, 'Give a string or a Buffer'],
  authenticationData: [isBytes, 'Give a Buffer'],
  cert: [isPem, 'Give a value that tls.connect() accepts'],
  key: [isPem, 'Give a value that tls.connect() accepts'],
  passphrase: [isText, 'Give a string'],
  pfx: [isPem, 'Give a value that tls.connect() accepts'],
};

/**
 * Checks the result of `credentials()`. Problems name the property, and never contain its value.
 *
 * @throws InvalidOptionsError that lists every problem
 */
export function checkCredentials(
  given: unknown,
  { protocolVersion, hasAuthenticationMethod, hasTls }: Surroundings,
): MqttCredentials {
  const checks = new OptionChecks();
  const report = (name: string, problem: string, remedy: string): void =>
    checks.report(name ? `credentials().${name}` : 'credentials()', problem, remedy);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    report('', 'it did not return an object', 'Return an object with credentials, or a promise of one');
    checks.done();
  }
  const credentials = given as Record<string, unknown>;
  for (const [name, value] of Object.entries(credentials)) {
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name as Name] : undefined;
    if (value === undefined) continue;
    if (!kind) report(name, 'it is not a credential', `Use ${Object.keys(KINDS).join(', ')}`);
    else if (!checkCredential(checks, name as Name, value, `credentials().${name}`)) continue;
    else if (name === 'cert' || name === 'key') checkPem(checks, name, value, `credentials().${name}`);
  }
  const { username, password, authenticationData } = credentials;
  if (protocolVersion === 4 && password !== undefined && username === undefined)
    report('password', 'MQTT 3.1.1 has no password without a user name [MQTT-3.1.2-22]', 'Give a username too');
  if (protocolVersion === 4 && authenticationData !== undefined)
    report('authenticationData', 'MQTT 3.1.1 does not have it', 'Remove it, or use protocolVersion 5');
  else if (authenticationData !== undefined && !hasAuthenticationMethod)
    report('authenticationData', 'there is no Authentication Method', 'Set properties.authenticationMethod');
  const unused = TLS_CREDENTIALS.find((name) => credentials[name] !== undefined);
  if (unused && !hasTls) report(unused, 'the connection is not made over TLS', 'Use mqtts:// or wss://');
  checks.done();
  return credentials;
}

/**
 * Checks what kind of value one credential is.
 *
 * @returns whether it is undefined or of the right kind
 */
export function checkCredential(checks: OptionChecks, name: Name, value: unknown, option: string = name): boolean {
  const [isOne, remedy] = KINDS[name];
  if (value === undefined || isOne(value)) return true;
  checks.report(option, `it is ${kindOf(value)}`, remedy);
  return false;
}
