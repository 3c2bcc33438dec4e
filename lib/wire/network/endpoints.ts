import { DEFAULT_HOST, endpointsOf, withoutBrackets, type Endpoint, type EndpointOptions } from './endpoint.js';

export type { Endpoint } from './endpoint.js';

/** Selects the endpoint of each network connection: each of `servers` in turn, or a Server Reference (section 4.11). */
export class Endpoints {
  /** URL for logs and errors, without credentials. */
  readonly label: string;
  private readonly servers: Endpoint[];
  private turn = -1;
  /** The endpoint of the latest connection. */
  latest: Endpoint;
  private elsewhere: Endpoint | undefined;

  /** @throws InvalidOptionsError when a protocol is not supported, or `servers` is empty */
  constructor(options: EndpointOptions) {
    this.label = brokerLabel(options);
    this.servers = endpointsOf(options);
    this.latest = this.servers[0]!;
  }

  /** The endpoint of the next connection. */
  next(): Endpoint {
    if (!this.elsewhere) this.turn = (this.turn + 1) % this.servers.length;
    this.latest = this.elsewhere ?? this.servers[this.turn]!;
    return this.latest;
  }

  /**
   * Uses the server of a Server Reference, until {@link restore}.
   *
   * @param reference `host`, `host:port` or `[host]:port`; the first one if there are several, separated by spaces. Default of the
   * port: that of the latest connection
   * @param moved whether the move is permanent
   * @returns whether the reference is valid
   */
  redirect(reference: string, moved: boolean): boolean {
    const [first = ''] = reference.trim().split(' ');
    const url = `mqtt://${first}`;
    if (!URL.canParse(url)) return false;
    const { hostname, port } = new URL(url);
    if (hostname === '') return false;
    const { protocol, port: presentPort, path } = this.latest;
    this.elsewhere = {
      protocol,
      host: withoutBrackets(hostname),
      port: Number(port) || presentPort,
      path: protocol === 'mqtt' ? undefined : path, // a Unix domain socket is replaced
    };
    if (moved) this.servers[Math.max(this.turn, 0)] = this.elsewhere;
    return true;
  }

  /** Returns to the server before a temporary Server Reference. */
  restore(): false {
    this.elsewhere = undefined;
    return false;
  }
}

/** User name and password of a URL, percent-decoded; none for an empty URL. */
export function credentialsOf(url: string): { username?: string; password?: string } {
  if (url === '') return {};
  const { username, password } = new URL(url);
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

function brokerLabel({ url, mqtt }: EndpointOptions): string {
  if (url) {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  }
  const { protocol = 'mqtt', host, port, servers } = mqtt;
  const hosts = servers ?? [{ host, port }];
  return `${protocol}://${hosts.map(hostLabel).join(',')}`;
}

function hostLabel({ host = DEFAULT_HOST, port }: { host?: string | undefined; port?: number | undefined }): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}
