import { describe, expect, it } from '@jest/globals';
import { idAt, parsePeerAddress, peerOf } from './peer-address.js';

const OWN = '10.0.0.1:1063';

describe('peerOf', () => {
  it.each([
    { name: 'names another replica', id: idAt('r-1', '10.0.0.2:1063'), peer: '10.0.0.2:1063' },
    { name: 'names an IPv6 replica', id: idAt('r-1', '[fd00::2]:1063'), peer: '[fd00::2]:1063' },
    { name: 'is our own', id: idAt('r-1', OWN), peer: undefined },
    { name: 'names no replica', id: idAt('r-1', undefined), peer: undefined },
    { name: 'is missing', id: undefined, peer: undefined },
    { name: 'names a host', id: 'r-1@metadata.internal:1063', peer: undefined },
    { name: 'names another port', id: 'r-1@169.254.169.254:80', peer: undefined },
    { name: 'has an @ of the client before', id: 'client@evil-r-1@10.0.0.3:1063', peer: '10.0.0.3:1063' },
  ])('gives $peer when the id $name', ({ id, peer }) => {
    expect(peerOf(id, OWN)).toBe(peer);
  });
});

describe('peerOf, beside Envoy', () => {
  it.each([
    { name: 'names a replica', id: idAt('r-1', '10.0.0.2:1063'), peer: '10.0.0.2:1063' },
    { name: 'names another port', id: 'r-1@169.254.169.254:80', peer: undefined },
    { name: 'is our own', id: idAt('r-1', undefined), peer: undefined },
  ])('gives $peer when the id $name', ({ id, peer }) => {
    expect(peerOf(id, undefined)).toBe(peer);
  });
});

describe('parsePeerAddress', () => {
  it.each(['', 'a:1', '10.0.0.1', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.1:1063/x', ':1063'])('refuses %j', (text) => {
    expect(parsePeerAddress(text)).toBeUndefined();
  });
});
