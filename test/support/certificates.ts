import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate with its key, in PEM, and the files that they are in. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
}

interface Subject {
  readonly name: string;
  /** Default: valid from now on. */
  readonly expired?: boolean;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of the test's own, made by openssl: nothing in this repository expires. */
export class CertificateAuthority {
  private serial = 0;

  private constructor(
    private readonly folder: string,
    readonly certificate: Certificate,
  ) {}

  static async found(): Promise<CertificateAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
    const [certFile, keyFile] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
    const subject = ['-subj', '/CN=Test Authority', '-days', '2'];
    await run('openssl', ['req', '-x509', ...NEW_KEY, ...subject, '-keyout', keyFile, '-out', certFile]);
    return new CertificateAuthority(folder, await read(certFile, keyFile));
  }

  /** @param name DNS name or IP address of a server, or the common name of a client */
  async issue({ name, expired = false }: Subject): Promise<Certificate> {
    const base = join(this.folder, `${++this.serial}`);
    const [certFile, keyFile, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((type) => `${base}.${type}`) as [
      string,
      string,
      string,
      string,
    ];
    const kind = /^[\d.]+$|:/.test(name) ? 'IP' : 'DNS';
    await writeFile(extensions, `subjectAltName=${kind}:${name}\n`);
    await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request]);
    const { certFile: ca, keyFile: caKey } = this.certificate;
    const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', expired ? '-1' : '2'];
    await run('openssl', ['x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', certFile]);
    return read(certFile, keyFile);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function read(certFile: string, keyFile: string): Promise<Certificate> {
  return { cert: await readFile(certFile), key: await readFile(keyFile), certFile, keyFile };
}
