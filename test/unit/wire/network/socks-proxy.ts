import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { listenTcp } from '../connection/network-peer.js';

/** What a client asked a proxy for. */
export interface SocksRequest {
  readonly version: number;
  /** As it was named: a host name, or an address. */
  readonly host: string;
  readonly port: number;
}

export interface SocksProxy {
  readonly port: number;
  readonly requests: SocksRequest[];
}

interface ProxyOptions {
  /** Whether connections are refused. */
  readonly refuses?: boolean;
}

/** A SOCKS proxy of versions 4, 4a and 5 (RFC 1928) without authentication, which connects everything with `target` on this host. */
export async function startSocksProxy(target: number, { refuses = false }: ProxyOptions = {}): Promise<SocksProxy> {
  const requests: SocksRequest[] = [];
  const serve = async (client: Socket): Promise<void> => {
    const version = (await read(client, 1))[0]!;
    requests.push({ version, ...(await (version === 5 ? request5(client) : request4(client))) });
    client.write(version === 5 ? reply5(refuses) : reply4(refuses));
    if (refuses) return void client.end();
    const upstream = connect(target, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  };
  const port = await listenTcp((client) => {
    serve(client).catch(() => client.destroy()); // a client that is gone too early
  });
  return { port, requests };
}

async function request5(client: Socket): Promise<Omit<SocksRequest, 'version'>> {
  await read(client, (await read(client, 1))[0]!); // the methods of authentication
  client.write(Buffer.from([5, 0]));
  const kind = (await read(client, 4))[3]!;
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await read(client, 1))[0]!;
  const address = await read(client, length);
  const host = kind === 3 ? address.toString() : kind === 1 ? address.join('.') : address.toString('hex');
  return { host, port: (await read(client, 2)).readUInt16BE() };
}

async function request4(client: Socket): Promise<Omit<SocksRequest, 'version'>> {
  const [, high, low, ...address] = await read(client, 7);
  await readText(client); // the user
  const named = address[0] === 0 && address[1] === 0 && address[2] === 0;
  const host = named ? await readText(client) : address.join('.');
  return { host, port: high! * 256 + low! };
}

function reply5(refuses: boolean): Buffer {
  return Buffer.from([5, refuses ? 5 : 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

function reply4(refuses: boolean): Buffer {
  return Buffer.from([0, refuses ? 0x5b : 0x5a, 0, 0, 0, 0, 0, 0]);
}

async function read(client: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = client.read(length) as Buffer | null;
    if (bytes) return bytes;
    await once(client, 'readable');
  }
}

async function readText(client: Socket): Promise<string> {
  for (let text = ''; ;) {
    const [byte] = await read(client, 1);
    if (byte === 0) return text;
    text += String.fromCharCode(byte!);
  }
}
