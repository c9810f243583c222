import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ForwardProxy } from '../../../../test/harness/token-servers/forward-proxy.js';
import { OidcProvider } from '../../../../test/harness/token-servers/oidc-provider.js';
import { failureOf, told, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';
import { issueCa, issueServing } from '../../webhook/certificates/issue.js';
import { createSend, parseRetryAfter } from './bounded-call.js';
import { proxyRules } from './proxy-rules.js';

const NOW = new Date('2026-11-21T10:00:00Z');

describe('createSend', () => {
  let world: TokenWorld;
  let proxy: ForwardProxy;
  beforeEach(async () => {
    world = await new TokenWorld().start();
    proxy = await new ForwardProxy().start();
  });
  afterEach(async () => {
    await proxy.close();
    await world.close();
  });

  const azure = (environment: Record<string, string>) =>
    world.run(world.requests()['azure-client-secret'], { environment });

  it.each([
    ['AI_GATEWAY_STS_PROXY_URL', 'aws-web-identity', 'sts'],
    ['AI_GATEWAY_AZURE_PROXY_URL', 'azure-federated', 'entra'],
    ['AI_GATEWAY_GCP_AUTH_PROXY_URL', 'gcp-federated', 'google'],
  ] as const)('calls the cloud through %s, and only the cloud', async (name, kind, server) => {
    await world.run(world.requests()[kind], {
      environment: { [name]: `http://user:p%40ss@${proxy.host}`, NO_PROXY: '*' },
    });
    const origins = new Set(proxy.seen.map(({ target }) => new URL(target).origin));
    expect([...origins]).toEqual([world[server].origin]);
    expect(proxy.seen[0]?.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(world[server].requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('calls OpenID providers and Google token endpoints through the standard proxy', async () => {
    const environment = { HTTP_PROXY: `http://${proxy.host}` };
    await world.run(world.requests()['gcp-service-account'], { environment });
    await world.run(world.requests()['azure-federated'], {
      environment: { ...environment, AI_GATEWAY_AZURE_PROXY_URL: '' },
    });
    expect(proxy.seen.map(({ target }) => new URL(target).pathname)).toEqual([
      '/token',
      '/realm/.well-known/openid-configuration',
      '/realm/token',
      '/contoso.example/oauth2/v2.0/token',
    ]);
  });

  it('leaves the proxy out for hosts of NO_PROXY', async () => {
    await azure({ HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: 'other.example,127.0.0.1' });
    expect(proxy.seen).toEqual([]);
  });

  it('does not take the proxy for http when the call is https', async () => {
    const environment = { HTTP_PROXY: `http://${proxy.host}`, AZURE_AUTHORITY_HOST: 'https://127.0.0.1:9' };
    expect((await failureOf(azure(environment))).code).toBe('connection_refused');
    expect(proxy.seen).toEqual([]);
  });

  it('says so when the proxy refuses, without its password', async () => {
    proxy.refuses = true;
    const proxyUrl = `http://user:PLANTED@${proxy.host}`;
    const environment = { AI_GATEWAY_AZURE_PROXY_URL: proxyUrl, AZURE_AUTHORITY_HOST: 'https://entra.example' };
    const error = await failureOf(azure(environment));
    expect(proxy.seen.map(({ method, target }) => `${method} ${target}`)).toEqual(['CONNECT entra.example:443']);
    expect(error.code).toBe('proxy_refused');
    expect(told(error, ['PLANTED'])).toEqual([]);
  });

  it.each([
    ['nothing listens', 'http://127.0.0.1:9', 'connection_refused'],
    ['its name does not resolve', 'http://login.invalid', 'dns_failure'],
    ['it holds a password', 'http://user:PLANTED@127.0.0.1:9', 'misconfigured'],
    ['it is no http URL', 'ldap://127.0.0.1', 'misconfigured'],
  ])('names the fault when %s', async (_what, AZURE_AUTHORITY_HOST, code) => {
    const error = await failureOf(azure({ AZURE_AUTHORITY_HOST }));
    expect(error.code).toBe(code);
    expect(told(error, ['PLANTED'])).toEqual([]);
  });

  it('names the fault when the peer speaks TLS and the URL says otherwise, and the other way round', async () => {
    const error = await failureOf(azure({ AZURE_AUTHORITY_HOST: world.entra.origin.replace('http:', 'https:') }));
    expect(error.code).toBe('tls_failure');
  });

  it('gives up after the time of one call', async () => {
    world.entra.fault = { kind: 'stalled' };
    const send = createSend(proxyRules({}).standard, 80, () => NOW);
    const url = new URL(`${world.entra.origin}/x/oauth2/v2.0/token`);
    const error = await failureOf(
      send({ step: 'azure-token', provider: 'Entra', method: 'POST', url }, new AbortController().signal),
    );
    expect(error.message).toBe(`cannot reach Entra (${url.host}): no complete answer within 80 ms`);
  });
});

describe('createSend over TLS', () => {
  const before = getCACertificates('default');
  let provider: OidcProvider;
  let other: OidcProvider;
  let proxy: ForwardProxy;
  let world: TokenWorld;

  beforeAll(async () => {
    const now = new Date();
    const ca = await issueCa('token servers', now);
    const [named, unnamed] = [
      await issueServing(ca, ['localhost'], now),
      await issueServing(ca, ['other.example'], now),
    ];
    const tls = ({ certificate, key }: typeof named) => ({ tls: { certificate, key: key.reveal() }, now: () => NOW });
    world = await new TokenWorld().start();
    provider = await new OidcProvider(world.oidc.client, tls(named), world.oidc.key).start();
    other = await new OidcProvider(world.oidc.client, tls(unnamed), world.oidc.key).start();
    proxy = await new ForwardProxy().start();
    setDefaultCACertificates([...before, ca.certificate]);
  });
  afterAll(async () => {
    setDefaultCACertificates(before);
    await Promise.all([provider.close(), other.close(), proxy.close(), world.close()]);
  });
  const run = (issuer: string, environment: Record<string, string> = {}) =>
    world.run(world.requests(world.oidcRequest({ issuer }))['azure-federated'], { environment });

  it('calls a provider whose CA is trusted', async () => {
    await run(provider.issuer);
    expect(provider.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('tunnels through the proxy, which sees nothing of the call', async () => {
    await run(provider.issuer, { HTTPS_PROXY: `http://${proxy.host}` });
    const host = new URL(provider.origin).host;
    expect(proxy.seen.map(({ method, target }) => `${method} ${target}`)).toEqual([
      `CONNECT ${host}`,
      `CONNECT ${host}`,
    ]);
  });

  it('refuses a certificate of another name', async () => {
    const error = await failureOf(run(other.issuer));
    expect({ code: error.code, step: error.step }).toEqual({ code: 'tls_failure', step: 'oidc-discovery' });
  });

  it('refuses a certificate of a CA that is not trusted', async () => {
    setDefaultCACertificates(before);
    expect((await failureOf(run(provider.issuer))).code).toBe('tls_failure');
  });

  it('refuses a plain token endpoint of a provider that is called by TLS', async () => {
    const ca = await issueCa('again', new Date());
    const serving = await issueServing(ca, ['localhost'], new Date());
    setDefaultCACertificates([...before, ca.certificate]);
    const tls = { certificate: serving.certificate, key: serving.key.reveal() };
    const server = await new OidcProvider(world.oidc.client, { tls }, world.oidc.key).start();
    server.discovery = { token_endpoint: `${world.oidc.issuer}/token` };
    const error = await failureOf(run(server.issuer));
    expect(error.message).toBe('cannot get an OIDC token: the issuer is https, its token endpoint is not');
    await server.close();
  });
});

describe('parseRetryAfter', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    [' 30 ', 30_000],
    ['1.5', undefined],
    ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['86401', 86_400_000],
  ])('reads %j as %j ms', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms);
  });
});

describe('proxyRules', () => {
  it('takes the standard variables in lower case first, a host without a scheme as http', () => {
    const rules = proxyRules({
      https_proxy: 'low:1',
      HTTPS_PROXY: 'http://high:1',
      HTTP_PROXY: 'http://h:1',
      no_proxy: 'a',
    });
    const standard = { httpsProxy: 'http://low:1', httpProxy: 'http://h:1', noProxy: 'a' };
    expect([rules.standard, rules.aws, rules.azure, rules.gcp]).toEqual([standard, standard, standard, standard]);
  });

  it.each(['AI_GATEWAY_STS_PROXY_URL', 'AI_GATEWAY_AZURE_PROXY_URL', 'AI_GATEWAY_GCP_AUTH_PROXY_URL', 'HTTPS_PROXY'])(
    'refuses a %s that is no URL of a proxy, without its value',
    (name) => {
      for (const value of ['ftp://user:PLANTED@proxy', 'http://', 'http://PLANTED:x:y', 'PLANTED proxy']) {
        expect(() => proxyRules({ [name]: value })).toThrow(
          `cannot use environment variable ${name}: expected the URL of a proxy such as http://proxy.example:3128; correct it or take it out`,
        );
      }
    },
  );
});
