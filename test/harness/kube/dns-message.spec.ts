import { describe, expect, it } from '@jest/globals';
import { Resolver } from 'node:dns/promises';
import { dnsAnswer } from './dns-message.js';
import { DnsServer } from './dns.js';

describe('DnsServer', () => {
  const ask = async <T>(question: (resolver: Resolver) => Promise<T>, prepare?: (server: DnsServer) => void) => {
    const server = await DnsServer.start();
    prepare?.(server);
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${server.port}`]);
    try {
      return await question(resolver);
    } finally {
      await server.close();
    }
  };

  it.each(['provider.test', 'Envoy-Gateway.ns.svc.cluster.local'])('answers this machine for %s', async (name) => {
    expect(await ask((resolver) => resolver.resolve4(name))).toEqual(['127.0.0.1']);
  });

  it('answers the addresses that were set for a name', async () => {
    const addresses = await ask(
      (resolver) => resolver.resolve4('extproc.ns.svc.cluster.local'),
      (server) => server.setAddresses('extproc.ns.svc.cluster.local', ['127.1.0.1', '127.1.0.2']),
    );
    expect(addresses).toEqual(['127.1.0.1', '127.1.0.2']);
  });

  it('has no IPv6 address for a name of ours', async () => {
    await expect(ask((resolver) => resolver.resolve6('provider.test'))).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('knows no name outside of its zones', async () => {
    await expect(ask((resolver) => resolver.resolve4('example.com'))).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('dnsAnswer', () => {
  it.each([
    ['nothing', ''],
    ['a header alone', '000101000001000000000000'],
    ['an answer', '0001850000010000000000000474657374000001 0001'],
    ['a name that does not end', '00010100000100000000000004746573'],
    ['a pointer in the question', '000101000001000000000000c00c00010001'],
    ['a question without class', '0001010000010000000000000474657374000001'],
  ])('answers nothing to %s', (_, hex) => {
    expect(dnsAnswer(Buffer.from(hex.replaceAll(' ', ''), 'hex'), () => ['127.0.0.1'])).toBeUndefined();
  });
});
