import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { checkCredential } from './credentials.js';
import type { OptionChecks } from './option-checks.js';
import { checkPem } from './pem.js';

/** Options of `tls.connect()` with certificates and keys. MQTT.js passes them on; its types do not list all of them. */
type Material = Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'>;

interface Surroundings {
  readonly secureContext?: unknown;
  readonly credentials?: unknown;
}

const READ_FILE = 'Give the content of the file: readFileSync(path)';
const REMEDIES = {
  ca: READ_FILE,
  cert: READ_FILE,
  key: `${READ_FILE}; if it is encrypted, check passphrase`,
  pfx: `${READ_FILE}, and check passphrase`,
} as const;
const PARTS = Object.keys(REMEDIES) as (keyof typeof REMEDIES)[];

/**
 * Lets OpenSSL read certificates and keys once: later it would refuse them in every attempt to connect. Its reason is shown, their
 * content never.
 */
export function checkTlsMaterial(checks: OptionChecks, options: object): void {
  const { secureContext, credentials, ...material } = options as Material & Surroundings;
  const texts = (['ca', 'cert', 'key'] as const).map((name) => checkPem(checks, name, material[name]));
  const known = checkCredential(checks, 'passphrase', material.passphrase);
  if (secureContext !== undefined || !known || texts.includes(false)) return;
  const { ca, cert, key, pfx, passphrase } = material;
  checkReadable(checks, credentials ? { ca, cert } : { ca, cert, key, pfx, passphrase }); // credentials() may have the passphrase
}

/** @param prefix of the option's name in errors */
export function checkReadable(checks: OptionChecks, material: Material, prefix = ''): void {
  if (PARTS.every((name) => material[name] === undefined)) return;
  const refusal = refusalOf(material);
  if (refusal === undefined) return;
  const { passphrase } = material;
  const refused = PARTS.flatMap((name) => {
    const reason = material[name] === undefined ? undefined : refusalOf({ [name]: material[name], passphrase });
    return reason === undefined ? [] : [{ name, reason }];
  });
  for (const { name, reason } of refused)
    checks.report(`${prefix}${name}`, `OpenSSL cannot read it (${reason})`, REMEDIES[name]);
  if (refused.length === 0)
    checks.report(`${prefix}key`, `it does not belong to cert (${refusal})`, 'Give the key of this certificate');
}

/** Why OpenSSL refuses it; undefined when it does not. */
function refusalOf(material: Material): string | undefined {
  try {
    [material.ca ?? []].flat().map((authority) => new X509Certificate(authority)); // a context ignores those that it cannot read
    createSecureContext(material);
    return undefined;
  } catch (error) {
    const { code, reason, message } = error as NodeJS.ErrnoException & { readonly reason?: string };
    return code === 'ERR_INVALID_ARG_TYPE' ? 'it is neither text nor bytes' : (reason ?? message); // the message of this code has the value
  }
}
