import { describe, expect, it } from '@jest/globals';
import { BrokerAddress } from '../../../lib/wire/broker-address.js';

const home = { host: 'home', hostname: 'home', port: 1883 };

describe('BrokerAddress', () => {
  it.each([
    ['other', { host: 'other', hostname: 'other', port: 1883 }],
    ['other:8883', { host: 'other', hostname: 'other', port: 8883 }],
    ['10.0.0.7:1884', { host: '10.0.0.7', hostname: '10.0.0.7', port: 1884 }],
    ['[fe80::1]:1884', { host: 'fe80::1', hostname: 'fe80::1', port: 1884 }],
    ['first:1 second:2', { host: 'first', hostname: 'first', port: 1 }],
  ])('reads the Server Reference "%s" (section 4.11)', (reference, expected) => {
    const options = { ...home };
    expect(new BrokerAddress(options).redirect(reference, false)).toBe(true);
    expect(options).toEqual(expected);
  });

  it.each(['', '  ', ':', ':x', 'host:99999'])(
    'stays where it is over a reference that says nothing: "%s"',
    (reference) => {
      const options = { ...home };
      expect(new BrokerAddress(options).redirect(reference, false)).toBe(false);
      expect(options).toEqual(home);
    },
  );

  it('goes back when it was sent elsewhere for once, however often', () => {
    const options = { ...home };
    const address = new BrokerAddress(options);
    address.redirect('other', false);
    address.redirect('third:3', false);
    address.restore();
    expect(options).toEqual(home);
  });

  it('stays where the server has moved to', () => {
    const options = { ...home };
    const address = new BrokerAddress(options);
    address.redirect('other:2', true);
    address.restore();
    expect(options).toEqual({ host: 'other', hostname: 'other', port: 2 });
  });
});
