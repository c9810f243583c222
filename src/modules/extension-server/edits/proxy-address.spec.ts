import { describe, expect, it } from '@jest/globals';
import { parseProxyAddress, usableProxyAddress } from './proxy-address.js';

describe('parseProxyAddress', () => {
  it.each([
    ['proxy.test:3128', { host: 'proxy.test', port: 3128 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['[fd00::1]:65535', { host: 'fd00::1', port: 65_535 }],
  ])('reads "%s"', (text, expected) => {
    expect(parseProxyAddress(text)).toEqual(expected);
  });

  it.each(['proxy.test', ':3128', 'proxy.test:0', 'proxy.test:http', 'proxy.test:65536', 'fd00::1:80', 'http://p:80'])(
    'refuses "%s"',
    (text) => {
      expect(parseProxyAddress(text)).toBeUndefined();
    },
  );
});

describe('usableProxyAddress', () => {
  it('is an address with an IP', () => {
    expect(usableProxyAddress('10.0.0.1:3128')).toEqual({ host: '10.0.0.1', port: 3128 });
  });

  it.each([
    ['10.0.0.1', '"10.0.0.1" is no proxy address; expected ip:port'],
    ['proxy.test:3128', 'Envoy does not resolve the host name "proxy.test" of a proxy; expected ip:port'],
  ])('says why "%s" is none', (text, expected) => {
    expect(usableProxyAddress(text)).toContain(expected);
  });
});
