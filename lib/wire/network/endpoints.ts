import { DEFAULT_HOST, endpointsOf, withoutBrackets, type Endpoint, type EndpointOptions } from './endpoint.js';

export type { Endpoint } from './endpoint.js';

/** Where the network connections of one client go: to each of `servers` in turn, or where the broker says (section 4.11). */
export class Endpoints {
  /** For logs and errors, without credentials. */
  readonly label: string;
  private readonly servers: Endpoint[];
  private turn = -1;
  /** Where the latest connection went. */
  latest: Endpoint;
  private elsewhere: Endpoint | undefined;

  /** @throws InvalidOptionsError when a protocol cannot be spoken, or `servers` is empty */
  constructor(options: EndpointOptions) {
    this.label = brokerLabel(options);
    this.servers = endpointsOf(options);
    this.latest = this.servers[0]!;
  }

  /** Where the next connection goes: each of `servers` in turn, else always the same. */
  next(): Endpoint {
    if (!this.elsewhere) this.turn = (this.turn + 1) % this.servers.length;
    this.latest = this.elsewhere ?? this.servers[this.turn]!;
    return this.latest;
  }

  /**
   * Goes where the broker says, until {@link restore}.
   *
   * @param reference `host`, `host:port` or `[host]:port`; the first one where there are several, separated by spaces. Without a
   * port, that of the latest connection stays
   * @param moved from now on: that server is not gone back to
   * @returns whether the reference could be read
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
      path: protocol === 'mqtt' ? undefined : path, // no Unix domain socket any more
    };
    if (moved) this.servers[Math.max(this.turn, 0)] = this.elsewhere;
    return true;
  }

  /** Back to where it was before it was sent elsewhere for once. */
  restore(): false {
    this.elsewhere = undefined;
    return false;
  }
}

/** User name and password of a URL, each percent-encoded there, so that both may hold any character. Neither of an empty URL. */
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
