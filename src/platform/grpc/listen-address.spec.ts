import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import { parseListenAddress } from './listen-address.js';

describe('parseListenAddress', () => {
  it.each([
    [':1063', { kind: 'tcp', host: '', port: 1063 }],
    ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['localhost:65535', { kind: 'tcp', host: 'localhost', port: 65_535 }],
    ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix://relative.sock', { kind: 'unix', path: 'relative.sock' }],
    ['unix:///a:1', { kind: 'unix', path: '/a:1' }],
  ])('reads %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each([
    '',
    ':',
    '1063',
    'localhost',
    'localhost:',
    'localhost:http',
    ':65536',
    '::1:80',
    'unix:/run/x.sock',
    'http://x:80',
    ':80 ',
  ])('refuses %p', (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      new UserFacingError(`invalid address "${text}": expected host:port, :port or unix://<path>`),
    );
  });

  it('refuses a Unix address without path', () => {
    expect(() => parseListenAddress('unix://')).toThrow(
      new UserFacingError('invalid address "unix://": the path of the socket is missing after unix://'),
    );
  });
});
