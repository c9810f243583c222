import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf, told, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';
import { Redacted } from '../../../shared/secret.js';
import type { OidcRequest } from '../exchange.js';
import { createSend } from './bounded-call.js';
import { createExchange } from './exchange.js';
import { OidcDiscovery } from './oidc-discovery.js';
import { TOKEN_EXCHANGE } from './oidc-token.js';
import { proxyRules } from './proxy-rules.js';

describe('OIDC tokens', () => {
  let world: TokenWorld;
  beforeEach(async () => {
    world = await new TokenWorld().start();
  });
  afterEach(() => world.close());

  const signal = new AbortController().signal;
  const run = (more: Partial<OidcRequest> = {}) =>
    world.run(world.requests(world.oidcRequest(more))['azure-federated']);
  const paths = () => world.oidc.requests.map(({ method, url }) => `${method} ${url.pathname}`);
  const DISCOVERY = 'GET /realm/.well-known/openid-configuration';
  const TOKEN = 'POST /realm/token';

  it('discovers the token endpoint and presents the client by HTTP Basic, url-encoded', async () => {
    await run();
    expect(paths()).toEqual([DISCOVERY, TOKEN]);
    const request = world.oidc.requests[1];
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const [scheme, encoded] = (request?.headers.authorization ?? '').split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(encoded ?? '', 'base64').toString()).toBe(
      'client%2F1:PLANTED-client%3Asecret%2F+%2B%25%26%3D%C3%A9',
    );
    expect(request?.body).toBe('grant_type=client_credentials');
  });

  it('asks only for the configured scopes and audience', async () => {
    await run({ scopes: ['api', 'read all'], audience: 'api://x' });
    expect(Object.fromEntries(world.oidc.requests[1]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'api read all',
      audience: 'api://x',
    });
  });

  it('needs no discovery when the token endpoint is configured', async () => {
    await run({ tokenEndpoint: `${world.oidc.issuer}/token`, issuer: 'https://issuer.example' });
    expect(paths()).toEqual([TOKEN]);
  });

  it.each([
    ['says so', true, 1],
    ['says nothing', false, 2],
  ])('puts the client into the body when the provider takes only that and %s', async (_what, tells, calls) => {
    world.oidc.authMethods = ['client_secret_post'];
    world.oidc.tellsAuthMethods = tells;
    await run();
    const tokens = world.oidc.requests.filter(({ method }) => method === 'POST');
    expect(tokens).toHaveLength(calls);
    expect(tokens.at(-1)?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(tokens.at(-1)?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: world.oidc.client.id,
      client_secret: world.oidc.client.secret,
    });
  });

  it('tries only once when the provider refuses for another reason than the client', async () => {
    world.oidc.fault = { kind: 'status', status: 400, body: '{"error":"invalid_scope"}' };
    world.oidc.faultPath = /token$/;
    expect((await failureOf(run())).code).toBe('invalid_scope');
    expect(paths()).toEqual([DISCOVERY, TOKEN]);
  });

  it('says invalid_client when the secret is wrong', async () => {
    const error = await failureOf(run({ clientSecret: new Redacted('PLANTED-wrong') }));
    expect({ code: error.code, step: error.step }).toEqual({ code: 'invalid_client', step: 'oidc-token' });
    expect(error.hint).toBe('The provider does not know the client ID, or the client secret is wrong or has expired.');
    expect(told(error, world.secrets())).toEqual([]);
  });

  it('exchanges the token of the client when the grant type is token-exchange', async () => {
    await run({ grantType: TOKEN_EXCHANGE, audience: 'api://x', scopes: ['api'] });
    const [own, exchanged] = world.oidc.issued;
    const [, first, second] = world.oidc.requests;
    expect(Object.fromEntries(first?.form ?? [])).toEqual({ grant_type: 'client_credentials' });
    expect(Object.fromEntries(second?.form ?? [])).toEqual({
      grant_type: TOKEN_EXCHANGE,
      subject_token: own,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'api://x',
      scope: 'api',
    });
    expect(world.entra.requests[0]?.form.get('client_assertion')).toBe(exchanged);
  });

  it.each(['urn:ietf:params:oauth:grant-type:jwt-bearer', 'password', 'authorization_code', ''])(
    'refuses grant type %j and calls nobody',
    async (grantType) => {
      const error = await failureOf(run({ grantType }));
      expect({ code: error.code, calls: paths() }).toEqual({ code: 'unsupported_grant_type', calls: [] });
      expect(error.hint).toBe(`Set it to client_credentials or ${TOKEN_EXCHANGE}, or leave it out.`);
    },
  );

  it.each([
    ['another issuer', { issuer: 'https://other.example' }, 'issuer_mismatch'],
    ['the issuer with a slash', { issuer: 'SLASH' }, 'issuer_mismatch'],
    ['no issuer', { issuer: undefined }, 'issuer_mismatch'],
    ['no token endpoint', { token_endpoint: undefined }, 'misconfigured'],
    ['a token endpoint that is no URL', { token_endpoint: '/token' }, 'misconfigured'],
    ['a token endpoint that is no text', { token_endpoint: 7 }, 'misconfigured'],
  ])('refuses a discovery document with %s', async (_what, members, code) => {
    const slash = 'issuer' in members && members.issuer === 'SLASH' ? { issuer: `${world.oidc.issuer}/` } : members;
    world.oidc.discovery = slash;
    expect((await failureOf(run())).code).toBe(code);
    expect(paths()).toEqual([DISCOVERY]);
  });

  it.each(['issuer', '', 'ftp://issuer.example', 'https://user:PLANTED@issuer.example'])(
    'refuses %j as an issuer',
    async (issuer) => {
      const error = await failureOf(run({ issuer }));
      expect({ code: error.code, step: error.step }).toEqual({ code: 'misconfigured', step: 'oidc-discovery' });
      expect(told(error, ['PLANTED'])).toEqual([]);
    },
  );

  it('refuses a token endpoint that is no URL', async () => {
    expect((await failureOf(run({ tokenEndpoint: 'token' }))).code).toBe('misconfigured');
  });

  it.each([
    ['no token', '{"id_token":"x"}'],
    ['a token of two lines', '{"access_token":"a\\nb"}'],
    ['a token that is no text', '{"access_token":7}'],
  ])('refuses an answer with %s', async (_what, body) => {
    world.oidc.fault = { kind: 'body', body };
    world.oidc.faultPath = /token$/;
    const error = await failureOf(run());
    expect({ code: error.code, step: error.step }).toEqual({ code: 'malformed_answer', step: 'oidc-token' });
  });

  it('follows the redirect of a discovery document, three at most', async () => {
    world.oidc.fault = { kind: 'redirect', to: '/realm/.well-known/openid-configuration' };
    expect((await failureOf(run())).code).toBe('redirected');
    expect(paths()).toEqual([DISCOVERY, DISCOVERY, DISCOVERY, DISCOVERY]);
    world.oidc.fault = { kind: 'redirect', to: `${world.oidc.origin}/realm/.well-known/openid-configuration` };
    world.oidc.faultPath = /^\/moved\/.well-known/;
    world.oidc.discovery = { issuer: `${world.oidc.origin}/moved` };
    await run({ issuer: `${world.oidc.origin}/moved` });
    expect(paths().slice(-3)).toEqual(['GET /moved/.well-known/openid-configuration', DISCOVERY, TOKEN]);
  });

  describe('discovery cache', () => {
    const discoveries = () => paths().filter((path) => path === DISCOVERY).length;

    it('keeps a document for an hour', async () => {
      const exchange = createExchange(world.options());
      const request = world.requests()['azure-federated'];
      await exchange(request, signal);
      world.now = new Date(world.now.getTime() + 3_599_000);
      await exchange(request, signal);
      expect(discoveries()).toBe(1);
      world.now = new Date(world.now.getTime() + 1_000);
      await exchange(request, signal);
      expect(discoveries()).toBe(2);
    });

    it('asks again when the clock was set back', async () => {
      const exchange = createExchange(world.options());
      await exchange(world.requests()['azure-federated'], signal);
      world.now = new Date(world.now.getTime() - 60_000);
      await exchange(world.requests()['azure-federated'], signal);
      expect(discoveries()).toBe(2);
    });

    it('asks once when many ask at the same time, and one of them gives up', async () => {
      const exchange = createExchange(world.options());
      const cancel = new AbortController();
      const first = failureOf(exchange(world.requests()['azure-federated'], cancel.signal));
      const others = Array.from({ length: 20 }, () => exchange(world.requests()['azure-federated'], signal));
      cancel.abort();
      expect((await first).code).toBe('cancelled');
      expect(await Promise.all(others)).toHaveLength(20);
      expect(discoveries()).toBe(1);
    });

    it('does not keep a failure', async () => {
      const exchange = createExchange(world.options());
      world.oidc.fault = { kind: 'status', status: 500 };
      expect((await failureOf(exchange(world.requests()['azure-federated'], signal))).code).toBe('http_500');
      world.oidc.fault = undefined;
      expect(await exchange(world.requests()['azure-federated'], signal)).toHaveProperty('expiresAt');
    });

    it.each([
      ['asks again', 404, 2],
      ['does not ask again', 403, 1],
    ])('%s when the token endpoint answered %i', async (_what, status, calls) => {
      const exchange = createExchange(world.options());
      world.oidc.fault = { kind: 'status', status };
      world.oidc.faultPath = /token$/;
      await failureOf(exchange(world.requests()['azure-federated'], signal));
      world.oidc.fault = undefined;
      await exchange(world.requests()['azure-federated'], signal);
      expect(discoveries()).toBe(calls);
    });

    it('holds 256 documents', async () => {
      const now = () => world.now;
      const discovery = new OidcDiscovery(createSend(proxyRules({}).direct, 10_000, now), now);
      const ask = async (tenant: number) => {
        const issuer = `${world.oidc.origin}/t${tenant}`;
        world.oidc.fault = { kind: 'body', body: JSON.stringify({ issuer }) };
        await discovery.metadata(issuer, signal);
        return world.oidc.requests.filter(({ url }) => url.pathname.startsWith(`/t${tenant}/`)).length;
      };
      for (let tenant = 0; tenant <= 256; tenant += 1) await ask(tenant);
      expect(await ask(256)).toBe(1);
      expect(await ask(0)).toBe(2);
    });
  });
});
