import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../harness/free-port.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import { CHAT, endAll, messages, Setup, type Headers } from './authentication-setup.js';
import { apiKeyAuth, KEYS, TokenIssuer } from './authentication-world.js';

const KEY_HEADER = { headers: ['x-gateway-key'] };
afterAll(endAll);

/** All that a provider could read of what the client sent. */
const textOf = ({ path, headers, body }: RecordedRequest): string =>
  `${path}\n${JSON.stringify(headers)}\n${body.toString()}`;

/** How a client can ask for the model of the route `closed`. @see spec extension-server.md 21.8 */
const formsBeside = (open: string): readonly (readonly [string, Headers])[] => [
  ['no model header', {}],
  ['the model header of the open route', { 'x-ai-eg-model': `model-${open}` }],
  ['the model header of the closed route', { 'x-ai-eg-model': 'model-closed' }],
];
const withKey = (key: string): Headers => ({ 'x-gateway-key': key });
const CLOSED = { name: 'closed', security: apiKeyAuth(['alice'], KEY_HEADER) };

describe('a route with a SecurityPolicy, whose listener serves an open route first', () => {
  let setup: Setup;
  beforeAll(async () => void (setup = await Setup.start([{ name: 'an-open' }, CLOSED])));

  const asked = formsBeside('an-open').flatMap(([form, headers]) => [
    [form, 'no key', headers] as const,
    [form, 'a wrong key', { ...headers, ...withKey('wrong') }] as const,
    [form, 'the key', { ...headers, ...withKey(KEYS.alice) }] as const,
  ]);

  it.each(asked)('refuses with %s and %s, and says what to do', async (_form, _key, headers) => {
    const { response, request } = await setup.chat('closed', headers);
    expect(request).toBeUndefined();
    expect(response.status).toBe(403);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toEqual({
      type: 'error',
      error: {
        type: 'Forbidden',
        code: '403',
        message:
          'route default/closed has a SecurityPolicy of its own, which cannot be applied to it; it must target the Gateway',
        param: null,
      },
    });
  });

  it('serves the open route without a key', async () => {
    const { response, request } = await setup.chat('an-open');
    expect([response.status, request?.path]).toEqual([200, CHAT]);
  });

  it('never reached the closed provider', () => {
    expect(setup.served('closed')).toBe(0);
  });

  it('is told about at the start', () => {
    expect(setup.gateway.lines.join('\n')).toMatch(/warning: .*default\/closed: spec\.rules\[0\]: .*refused with 403/);
  });
});

describe('a route with a SecurityPolicy, first on its listener', () => {
  let setup: Setup;
  beforeAll(async () => void (setup = await Setup.start([CLOSED, { name: 'open' }])));

  it.each(formsBeside('open'))('refuses with %s and no key', async (_form, headers) => {
    const { response } = await setup.chat('closed', headers);
    expect([response.status, response.text]).toEqual([401, 'Client authentication failed.']);
    expect(setup.served('closed')).toBe(0);
  });

  it.each(formsBeside('open'))('serves with %s and the key', async (_form, headers) => {
    const { response, request } = await setup.chat('closed', { ...headers, ...withKey(KEYS.alice) });
    expect([response.status, request?.path]).toEqual([200, CHAT]);
  });

  it('asks clients of the open route for its key too', async () => {
    expect((await setup.chat('open')).response.status).toBe(401);
    expect((await setup.chat('open', withKey(KEYS.alice))).response.status).toBe(200);
  });
});

describe('a route with a SecurityPolicy on a listener of its own', () => {
  let setup: Setup;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    setup = await Setup.start(
      [
        { name: 'an-open', listener: 'http' },
        { ...CLOSED, listener: 'own' },
      ],
      {
        listeners: { own: port },
      },
    );
  });

  it.each(formsBeside('an-open'))('serves with %s and the key only', async (_form, headers) => {
    const without = await setup.chat('closed', headers, { port });
    expect([without.response.status, without.request]).toEqual([401, undefined]);
    const { response } = await setup.chat('closed', { ...headers, ...withKey(KEYS.alice) }, { port });
    expect(response.status).toBe(200);
  });

  it.each(formsBeside('an-open'))('is not there for the open listener with %s', async (_form, headers) => {
    const { response, request } = await setup.chat('closed', { ...headers, ...withKey(KEYS.alice) });
    expect([response.status, request]).toEqual([404, undefined]);
  });

  it('leaves the open route open', async () => {
    expect((await setup.chat('an-open')).response.status).toBe(200);
  });
});

describe('two routes with different SecurityPolicies on one listener', () => {
  let setup: Setup;
  beforeAll(async () => {
    setup = await Setup.start([
      { name: 'a', security: apiKeyAuth(['alice'], KEY_HEADER) },
      { name: 'b', security: apiKeyAuth(['bob'], KEY_HEADER) },
    ]);
  });

  it.each([
    ['a', 'no key', {}, 401],
    ['a', 'its key', withKey(KEYS.alice), 200],
    ['a', 'the key of the other', withKey(KEYS.bob), 401],
    ['b', 'no key', {}, 401],
    ['b', 'its key', withKey(KEYS.bob), 401],
    ['b', 'the key of the other', withKey(KEYS.alice), 403],
  ])('answers %s with %s by status', async (route, _key, headers, status) => {
    const { response, request } = await setup.chat(route, headers);
    expect([response.status, request !== undefined]).toEqual([status, status === 200]);
  });
});

describe('two routes with the same keys in policies of their own', () => {
  it('takes a key for both, and nobody without', async () => {
    const security = apiKeyAuth(['alice'], KEY_HEADER);
    const setup = await Setup.start([
      { name: 'a', security },
      { name: 'b', security },
    ]);
    for (const route of ['a', 'b']) {
      expect((await setup.chat(route)).response.status).toBe(401);
      expect((await setup.chat(route, withKey(KEYS.alice))).response.status).toBe(200);
    }
  });
});

/** A provider that the gateway has a key for, and one that gets what the client sent. */
const PROVIDERS = [{ name: 'with-key', providerKey: 'PLANTED-key-of-provider' }, { name: 'without-key' }];
const MODELS = '/v1/models';

describe('API keys for the Gateway', () => {
  let setup: Setup;
  beforeAll(async () => {
    const cors = { allowOrigins: ['https://chat.example.com'], allowMethods: ['GET', 'POST'], allowHeaders: ['*'] };
    const sources = { headers: ['x-gateway-key', 'authorization'], params: ['key'], cookies: ['key'] };
    const keys = apiKeyAuth(['alice', 'bob'], sources, { sanitize: true, forwardClientIDHeader: 'x-client' });
    setup = await Setup.start(PROVIDERS, { security: { ...keys, cors } });
  });

  it.each(PROVIDERS)('refuses $name without a key and with a wrong one', async ({ name }) => {
    for (const headers of [{}, withKey('wrong'), { authorization: 'Bearer wrong' }, { 'x-client': 'alice' }]) {
      const { response, request } = await setup.chat(name, headers);
      expect([response.status, request]).toEqual([401, undefined]);
    }
  });

  it.each([
    ['a header', 'with-key', withKey(KEYS.alice), CHAT],
    ['a header', 'without-key', withKey(KEYS.alice), CHAT],
    ['a bearer token', 'with-key', { authorization: `Bearer ${KEYS.alice}` }, CHAT],
    ['a bearer token', 'without-key', { authorization: `Bearer ${KEYS.alice}` }, CHAT],
    ['a cookie', 'with-key', { cookie: `key=${KEYS.alice}` }, CHAT],
    ['a cookie', 'without-key', { cookie: `key=${KEYS.alice}` }, CHAT],
    ['a parameter', 'with-key', {}, `${CHAT}?key=${KEYS.alice}`],
    ['a parameter', 'without-key', {}, `${CHAT}?key=${KEYS.alice}`],
  ])('takes a key in %s for %s, which does not see it', async (_place, name, headers, path) => {
    const { response, request } = await setup.chat(name, headers, { path });
    expect(response.status).toBe(200);
    expect(textOf(request!)).not.toContain(KEYS.alice);
    expect(request!.headers['x-client']).toBe('alice');
    expect(request!.headers['authorization']).toBe(name === 'with-key' ? 'Bearer PLANTED-key-of-provider' : undefined);
  });

  it('lists models for clients with a key only', async () => {
    expect((await setup.send(MODELS, {})).status).toBe(401);
    const { status, text } = await setup.send(MODELS, { headers: withKey(KEYS.bob) });
    expect([status, text]).toEqual([200, expect.stringContaining('model-with-key')]);
  });

  it.each([
    ['a malformed body', CHAT, '{'],
    ['an unknown path', '/v1/unknown', '{}'],
  ])('does not look at %s without a key', async (_what, path, body) => {
    expect((await setup.send(path, { body })).status).toBe(401);
    const { status } = await setup.send(path, { body, headers: withKey(KEYS.alice) });
    expect(status).toBe(path === CHAT ? 400 : 404);
  });

  const preflightOf = (origin: string) =>
    setup.send(CHAT, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

  it('answers preflights without a key, and lets browsers read refusals', async () => {
    const origin = 'https://chat.example.com';
    const { status, headers } = await preflightOf(origin);
    expect([status, headers['access-control-allow-origin']]).toEqual([200, origin]);
    expect(headers['access-control-allow-methods']).toBe('GET, POST');
    const refused = await setup.send(CHAT, { body: '{}', headers: { origin } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin]);
  });

  it('lets browsers read answers and reach no more than others', async () => {
    const origin = 'https://chat.example.com';
    for (const { name } of PROVIDERS) {
      const without = await setup.chat(name, { origin });
      expect([without.response.status, without.request]).toEqual([401, undefined]);
      const { response } = await setup.chat(name, { origin, ...withKey(KEYS.bob) });
      expect([response.status, response.headers['access-control-allow-origin']]).toEqual([200, origin]);
    }
    const body = { model: 'unknown', messages };
    const unknown = await setup.send(CHAT, { headers: { origin, ...withKey(KEYS.bob) }, body });
    expect([unknown.status, unknown.headers['access-control-allow-origin']]).toEqual([404, origin]);
    expect(unknown.text).toContain('No route matched this request');
  });

  it('does not allow other origins, and sends nothing to providers', async () => {
    const served = () => PROVIDERS.map(({ name }) => setup.served(name));
    const before = served();
    const { headers } = await preflightOf('https://evil.example.com');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(served()).toEqual(before);
  });
});

describe('API keys for the Gateway that stay on the request', () => {
  let setup: Setup;
  beforeAll(async () => {
    const security = apiKeyAuth(['alice'], { headers: ['x-api-key', 'authorization'] });
    setup = await Setup.start(PROVIDERS, { security });
  });

  it.each<[string, Headers]>([
    ['x-api-key', { 'x-api-key': KEYS.alice }],
    ['authorization', { authorization: `Bearer ${KEYS.alice}` }],
  ])('do not reach a provider that the gateway has a key for in %s', async (_header, headers) => {
    const { response, request } = await setup.chat('with-key', headers);
    expect(response.status).toBe(200);
    expect(textOf(request!)).not.toContain(KEYS.alice);
    expect(request!.headers['authorization']).toBe('Bearer PLANTED-key-of-provider');
  });

  it('reach a provider that the gateway has no key for, which may need them', async () => {
    const { request } = await setup.chat('without-key', { authorization: `Bearer ${KEYS.alice}` });
    expect(request!.headers['authorization']).toBe(`Bearer ${KEYS.alice}`);
  });
});

describe('tokens for the Gateway', () => {
  const issuer = new TokenIssuer();
  const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
  let setup: Setup;
  beforeAll(async () => void (setup = await Setup.start(PROVIDERS, { security: issuer.policy() })));

  it.each<[string, () => Headers, string]>([
    ['no token', () => ({}), 'Jwt is missing'],
    ['an expired token', () => bearer(issuer.token(-3600)), 'Jwt is expired'],
    ['a token of another issuer', () => bearer(new TokenIssuer().token(3600)), 'Jwt verification fails'],
    [
      'no token at all',
      () => bearer('none'),
      'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
    ],
  ])('refuse everything with %s', async (_token, headersOf, text) => {
    const headers = headersOf();
    for (const { name } of PROVIDERS) {
      const { response, request } = await setup.chat(name, headers);
      expect([response.status, response.text, request]).toEqual([401, text, undefined]);
    }
    expect((await setup.send(MODELS, { headers })).status).toBe(401);
    expect((await setup.send(CHAT, { headers, body: '{' })).status).toBe(401);
  });

  it.each(PROVIDERS)('let clients with a token reach $name', async ({ name, providerKey }) => {
    const token = issuer.token(3600);
    const { response, request } = await setup.chat(name, bearer(token));
    expect(response.status).toBe(200);
    expect(request!.headers['authorization']).toBe(`Bearer ${providerKey ?? token}`);
  });

  it('let clients with a token list models, and tell them about malformed bodies', async () => {
    const headers = bearer(issuer.token(3600));
    expect((await setup.send(MODELS, { headers })).status).toBe(200);
    expect((await setup.send(CHAT, { headers, body: '{' })).status).toBe(400);
  });
});

describe('tokens for a route that is not the first', () => {
  it('are asked for in vain: nothing reaches its provider', async () => {
    const issuer = new TokenIssuer();
    const setup = await Setup.start([{ name: 'an-open' }, { name: 'closed', security: issuer.policy() }]);
    for (const authorization of ['', `Bearer ${issuer.token(-3600)}`, `Bearer ${issuer.token(3600)}`]) {
      for (const [, headers] of formsBeside('an-open')) {
        const { response, request } = await setup.chat('closed', { ...headers, authorization });
        expect([response.status, request]).toEqual([403, undefined]);
      }
    }
    expect((await setup.chat('an-open')).response.status).toBe(200);
  });
});

describe('tokens that choose the route', () => {
  const issuer = new TokenIssuer();
  let setup: Setup;
  beforeAll(async () => {
    const claimToHeaders = [
      { claim: 'sub', header: 'x-tenant' },
      { claim: 'iss', header: 'x-issuer' },
    ];
    setup = await Setup.start(
      [
        { name: 'by-claim', matches: { 'x-issuer': issuer.issuer, 'x-ai-eg-model': 'model-by-claim' } },
        { ...CLOSED, matches: { 'x-tenant': 'alice' } },
      ],
      { security: issuer.policy({ claimToHeaders, recomputeRoute: true }) },
    );
  });
  const headersOf = () => ({ authorization: `Bearer ${issuer.token(3600)}` });

  it('lead to routes of the same policy', async () => {
    expect((await setup.chat('by-claim', headersOf())).response.status).toBe(200);
  });

  it('do not lead past the keys of another route', async () => {
    const { response, request } = await setup.chat('closed', headersOf());
    expect([response.status, request]).toEqual([403, undefined]);
  });
});
