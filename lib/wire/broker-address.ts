import type { IClientOptions } from 'mqtt';

type Address = Pick<IClientOptions, 'host' | 'hostname' | 'port'>;

/** Where an MQTT.js client connects to next: the broker may send it elsewhere (Server Reference, section 4.11). */
export class BrokerAddress {
  private original: Address | undefined;

  /** @param options those of the client, which it reads before every connection */
  constructor(private readonly options: Address) {}

  /**
   * @param reference `host`, `host:port` or `[host]:port`; the first one where there are several, separated by spaces
   * @param moved from now on, rather than for the next connection
   * @returns whether the reference could be read
   */
  redirect(reference: string, moved: boolean): boolean {
    const [first = ''] = reference.trim().split(' ');
    const url = `mqtt://${first}`;
    if (!URL.canParse(url)) return false;
    const { hostname, port } = new URL(url);
    if (hostname === '') return false;
    const { host, hostname: present, port: presentPort } = this.options;
    this.original ??= { host, hostname: present, port: presentPort };
    if (moved) this.original = undefined;
    const name = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    Object.assign(this.options, { host: name, hostname: name }, port === '' ? {} : { port: Number(port) });
    return true;
  }

  /** Back to where it was before it was sent elsewhere for once. */
  restore(): false {
    if (this.original) Object.assign(this.options, this.original);
    this.original = undefined;
    return false;
  }
}
