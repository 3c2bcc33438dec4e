import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Key and self-signed certificate of a broker on this machine. Clients use the certificate as `ca`. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** File of `cert`. */
  readonly path: string;
}

/** Creates a short-lived certificate with OpenSSL. Clients compare the names in `subjectAltName` with the host that they connect to. */
export function createCertificate(folder: string): Certificate {
  const [key, path] = [join(folder, 'broker.key'), join(folder, 'broker.crt')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', path],
    ],
    { stdio: 'pipe' },
  );
  return { key: readFileSync(key), cert: readFileSync(path), path };
}
