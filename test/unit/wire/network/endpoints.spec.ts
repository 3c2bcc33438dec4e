import { describe, expect, it } from '@jest/globals';
import type { IClientOptions } from 'mqtt';
import { resolveConnection, type MqttConnectionOptions } from '../../../../lib/options/connection-options.js';
import { credentialsOf, Endpoints, type Endpoint } from '../../../../lib/wire/network/endpoints.js';
import { deepFrozen, problemsOf } from '../../options/problems.js';

const endpointsOf = (options: MqttConnectionOptions): Endpoints =>
  new Endpoints(resolveConnection(deepFrozen(options)));
const home = (): Endpoints => endpointsOf({ url: 'mqtt://home:1883' });
const server = (host: string, port: number): Endpoint => ({ protocol: 'mqtt', host, port, path: undefined });
const identity = { cert: 'a certificate', key: 'its key' };

describe('Endpoints', () => {
  it.each<[MqttConnectionOptions, Partial<Endpoint>]>([
    [{}, { protocol: 'mqtt', host: 'localhost', port: 1883, path: undefined }],
    [{ url: 'mqtt://b' }, { protocol: 'mqtt', host: 'b', port: 1883 }],
    [{ url: 'mqtt://B.Example:1' }, { host: 'b.example', port: 1 }],
    [{ url: 'tcp://b' }, { protocol: 'mqtt', port: 1883 }],
    [{ url: 'mqtts://b' }, { protocol: 'mqtts', port: 8883, path: undefined }],
    [{ url: 'ssl://b' }, { protocol: 'mqtts', port: 8883 }],
    [{ url: 'tls://b:1' }, { protocol: 'mqtts', port: 1 }],
    [{ url: 'ws://b' }, { protocol: 'ws', port: 80, path: '/' }],
    [{ url: 'ws://b/mqtt?a=b#c' }, { protocol: 'ws', port: 80, path: '/mqtt?a=b' }],
    [{ url: 'wss://b' }, { protocol: 'wss', port: 443, path: '/' }],
    [{ url: 'mqtt://[::1]:1' }, { host: '::1', port: 1 }],
    [{ url: 'wss://[fe80::1]/x' }, { host: 'fe80::1', port: 443, path: '/x' }],
    [{ url: 'mqtt://user:p%40ss@b:2' }, { host: 'b', port: 2 }],
  ])('of %j', (options, expected) => {
    expect(endpointsOf(options).next()).toMatchObject(expected);
  });

  it.each<[MqttConnectionOptions, Partial<Endpoint>]>([
    [{ host: 'b' }, { protocol: 'mqtt', host: 'b', port: 1883, path: undefined }],
    [
      { host: '::1', port: 2 },
      { host: '::1', port: 2 },
    ],
    [{ host: '[::1]' }, { host: '::1' }],
    [{ host: 'b', hostname: 'c' }, { host: 'c' }],
    [
      { host: 'b', protocol: 'mqtts' },
      { protocol: 'mqtts', port: 8883 },
    ],
    [{ host: 'b', protocol: 'ssl' }, { protocol: 'mqtts' }],
    [
      { host: 'b', protocol: 'ws' },
      { protocol: 'ws', port: 80, path: '/' },
    ],
    [
      { host: 'b', protocol: 'wss', path: 'mqtt' },
      { protocol: 'wss', path: '/mqtt' },
    ],
    [{ host: 'b', path: '/no/socket' }, { path: undefined }],
    [
      { url: 'mqtt://b:1', hostname: 'c', port: 2, protocol: 'mqtts' },
      { protocol: 'mqtts', host: 'c', port: 2 },
    ],
    [{ url: 'ws://b/x', path: '/y' }, { path: '/y' }],
    [{ url: 'mqtt://b', port: undefined }, { port: 1883 }],
    [
      { unixSocket: true, path: '/run/b' },
      { protocol: 'mqtt', path: '/run/b' },
    ],
    [
      { protocol: 'mqtt+unix', path: '/run/b' },
      { protocol: 'mqtt', path: '/run/b' },
    ],
    [
      { protocol: 'mqtts+unix', host: 'b', path: '/run/b' },
      { protocol: 'mqtts', host: 'b', path: undefined },
    ],
  ])('of the options %j, which win over a URL', (options, expected) => {
    expect(endpointsOf(options).next()).toMatchObject(expected);
  });

  it.each<[MqttConnectionOptions, Partial<Endpoint>]>([
    [
      { url: 'mqtt://b', ...identity },
      { protocol: 'mqtts', port: 8883 },
    ],
    [
      { url: 'tcp://b:1', ...identity },
      { protocol: 'mqtts', port: 1 },
    ],
    [{ url: 'ssl://b', ...identity }, { protocol: 'mqtts' }],
    [
      { url: 'ws://b/x', ...identity },
      { protocol: 'wss', port: 443, path: '/x' },
    ],
    [
      { host: 'b', ...identity },
      { protocol: 'mqtts', port: 8883 },
    ],
    [{ url: 'mqtt://b', cert: 'alone' }, { protocol: 'mqtt' }],
  ])('a client certificate means TLS: %j', (options, expected) => {
    expect(endpointsOf(options).next()).toMatchObject(expected);
  });

  it('each of servers in turn, with a protocol of its own or that of all', () => {
    const servers = [{ host: 'a', port: 1 }, { host: '::1', port: 2, protocol: 'ws' as const }, { host: 'c' }];
    const endpoints = endpointsOf({ servers, protocol: 'mqtts' } as MqttConnectionOptions);
    const expected: Endpoint[] = [
      { protocol: 'mqtts', host: 'a', port: 1, path: undefined },
      { protocol: 'ws', host: '::1', port: 2, path: '/' },
      { protocol: 'mqtts', host: 'c', port: 8883, path: undefined },
    ];
    expect([1, 2, 3, 4].map(() => endpoints.next())).toEqual([...expected, expected[0]]);
  });

  it.each<[object, string[]]>([
    [{ host: 'b', protocol: 'wx' }, ['protocol']],
    [{ host: 'b', protocol: 'constructor' }, ['protocol']],
    [
      {
        servers: [
          { host: 'b', port: 1 },
          { host: 'c', port: 1, protocol: 'wxs' },
        ],
      },
      ['servers[1].protocol'],
    ],
    [{ servers: [] }, ['servers']],
  ])('refuses %j', (options, expected) => {
    expect(problemsOf(() => endpointsOf(options))).toEqual(expected);
  });

  it.each<[string, IClientOptions, string]>([
    ['mqtts://user:secret@b:8883', {}, 'mqtts://b:8883'],
    ['mqtt://[::1]:1', {}, 'mqtt://[::1]:1'],
    ['wss://b/path?token=secret', {}, 'wss://b'],
    ['', { host: '::1', port: 1 }, 'mqtt://[::1]:1'],
    ['', { protocol: 'wss', host: 'b' }, 'wss://b'],
    [
      '',
      {
        servers: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
      'mqtt://a:1,b:2',
    ],
  ])('have a label without credentials: "%s" %j', (url, mqtt, label) => {
    expect(new Endpoints({ url, mqtt }).label).toBe(label);
  });
});

describe('a Server Reference (section 4.11)', () => {
  it.each([
    ['other', server('other', 1883)],
    ['other:8883', server('other', 8883)],
    ['10.0.0.7:1884', server('10.0.0.7', 1884)],
    ['[fe80::1]:1884', server('fe80::1', 1884)],
    ['first:1 second:2', server('first', 1)],
  ])('"%s" is followed', (reference, expected) => {
    const endpoints = home();
    expect(endpoints.redirect(reference, false)).toBe(true);
    expect(endpoints.next()).toEqual(expected);
    expect(endpoints.next()).toEqual(expected); // until restore()
  });

  it.each(['', '  ', ':', ':x', 'host:99999'])('that says nothing changes nothing: "%s"', (reference) => {
    const endpoints = home();
    expect(endpoints.redirect(reference, false)).toBe(false);
    expect(endpoints.next()).toEqual(server('home', 1883));
  });

  it('goes back when it was sent elsewhere for once, however often', () => {
    const endpoints = home();
    endpoints.redirect('other', false);
    endpoints.redirect('third:3', false);
    expect(endpoints.restore()).toBe(false);
    expect(endpoints.next()).toEqual(server('home', 1883));
  });

  it('stays where the server has moved to', () => {
    const endpoints = home();
    endpoints.redirect('other:2', true);
    endpoints.restore();
    expect(endpoints.next()).toEqual(server('other', 2));
    endpoints.redirect('third:3', false);
    endpoints.restore();
    expect(endpoints.next()).toEqual(server('other', 2));
  });

  it('without a port means that of the server that gives it, protocol and path too', () => {
    const endpoints = endpointsOf({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2, protocol: 'wss' },
      ],
      path: '/mqtt',
    });
    endpoints.next();
    endpoints.next();
    endpoints.redirect('c', false);
    expect(endpoints.next()).toEqual({ protocol: 'wss', host: 'c', port: 2, path: '/mqtt' });
  });

  it('takes the place of the one of servers that has moved, and they go on in turn', () => {
    const endpoints = endpointsOf({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    });
    endpoints.next();
    endpoints.next();
    endpoints.redirect('moved', true);
    expect(endpoints.next()).toEqual(server('moved', 2));
    endpoints.restore();
    expect([1, 2, 3].map(() => endpoints.next().host)).toEqual(['a', 'moved', 'a']);
  });

  it('leads out of a Unix domain socket', () => {
    const endpoints = endpointsOf({ unixSocket: true, path: '/run/b' });
    endpoints.redirect('other', false);
    expect(endpoints.next()).toEqual(server('other', 1883));
    endpoints.restore();
    expect(endpoints.next().path).toBe('/run/b');
  });
});

describe('credentialsOf', () => {
  it.each([
    ['', {}],
    ['mqtt://b', {}],
    ['mqtt://ada@b', { username: 'ada' }],
    ['mqtt://ada:lovelace@b', { username: 'ada', password: 'lovelace' }],
    ['mqtt://a%3Ad%40a%2F:p%3Aw%2F%40%23%3F%25%C3%BC@b', { username: 'a:d@a/', password: 'p:w/@#?%ü' }],
    ['wss://:secret@b', { password: 'secret' }],
  ])('of "%s"', (url, expected) => {
    expect(credentialsOf(url)).toEqual(expected);
  });
});
