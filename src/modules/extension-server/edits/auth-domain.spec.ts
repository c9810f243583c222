import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema, anyPack, type Any } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { FilterConfigSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { ApiKeyAuthPerRouteSchema } from '../../../gen/proto/envoy/extensions/filters/http/api_key_auth/v3/api_key_auth_pb.js';
import {
  JwtAuthenticationSchema,
  PerRouteConfigSchema,
} from '../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import {
  HttpConnectionManagerSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { authDomainOf, jwtRequirementsOf } from './auth-domain.js';

const API_KEYS = 'envoy.filters.http.api_key_auth';
const JWT = 'envoy.filters.http.jwt_authn';
const keysOf = (client: string) =>
  anyPack(
    ApiKeyAuthPerRouteSchema,
    create(ApiKeyAuthPerRouteSchema, {
      credentials: [{ client, key: `key of ${client}` }],
      keySources: [{ header: 'x-key' }],
    }),
  );
const tokensOf = (policy: string) =>
  anyPack(
    PerRouteConfigSchema,
    create(PerRouteConfigSchema, { requirementSpecifier: { case: 'requirementName', value: policy } }),
  );
/** How a route says that the filter does what the listener's configuration of it says. */
const ofListener = () => anyPack(FilterConfigSchema, create(FilterConfigSchema, { config: create(AnySchema) }));
const domainOf = (typedPerFilterConfig: Record<string, Any>) => authDomainOf({ typedPerFilterConfig });

describe('authDomainOf', () => {
  it('is equal for two routes of one policy', () => {
    const domain = domainOf({ [API_KEYS]: keysOf('alice') });
    expect(domain).toMatch(/^[0-9a-f]{16}$/);
    expect(domainOf({ [API_KEYS]: keysOf('alice') })).toBe(domain);
  });

  it('is equal for all routes that take what the listener has', () => {
    expect(domainOf({ [API_KEYS]: ofListener() })).toBe(domainOf({ [API_KEYS]: ofListener() }));
  });

  it.each<[string, Record<string, Any>, Record<string, Any>]>([
    ['other keys', { [API_KEYS]: keysOf('alice') }, { [API_KEYS]: keysOf('bob') }],
    ['other requirements', { [JWT]: tokensOf('ns/a') }, { [JWT]: tokensOf('ns/b') }],
    ['own keys and those of the listener', { [API_KEYS]: keysOf('alice') }, { [API_KEYS]: ofListener() }],
    ['one filter more', { [JWT]: tokensOf('ns/a') }, { [JWT]: tokensOf('ns/a'), [API_KEYS]: keysOf('alice') }],
    ['another filter of the same kind', { [`${JWT}/a`]: ofListener() }, { [`${JWT}/b`]: ofListener() }],
    ['another kind of filter', { [JWT]: ofListener() }, { [API_KEYS]: ofListener() }],
    [
      'the same bytes in another type',
      { [JWT]: create(AnySchema, { typeUrl: 'a', value: Uint8Array.of(1) }) },
      { [JWT]: create(AnySchema, { typeUrl: 'b', value: Uint8Array.of(1) }) },
    ],
    [
      'the same text cut at another place',
      { [JWT]: create(AnySchema, { typeUrl: 'a', value: Buffer.from('b\0') }) },
      { [JWT]: create(AnySchema, { typeUrl: 'a\0', value: Buffer.from('b') }) },
    ],
  ])('differs for %s', (_case, one, other) => {
    const domains = [domainOf(one), domainOf(other)];
    expect(domains).toEqual([expect.any(String), expect.any(String)]);
    expect(domains[0]).not.toBe(domains[1]);
  });

  it('does not depend on the order of filters', () => {
    const [jwt, keys] = [tokensOf('ns/a'), keysOf('alice')];
    expect(domainOf({ [JWT]: jwt, [API_KEYS]: keys })).toBe(domainOf({ [API_KEYS]: keys, [JWT]: jwt }));
  });

  it('does not depend on filters that do not authenticate', () => {
    const keys = { [API_KEYS]: keysOf('alice') };
    expect(domainOf({ ...keys, 'envoy.filters.http.cors': ofListener() })).toBe(domainOf(keys));
  });

  it.each([
    'envoy.filters.http.ext_authz',
    'envoy.filters.http.api_key_auth',
    'envoy.filters.http.basic_auth',
    'envoy.filters.http.oauth2',
    'envoy.filters.http.jwt_authn',
    'envoy.filters.http.ext_authz/securitypolicy/default/tenants',
  ])('exists for %s', (name) => {
    expect(domainOf({ [name]: ofListener() })).toEqual(expect.any(String));
  });

  it.each([
    'envoy.filters.http.cors',
    'envoy.filters.http.jwt_authn_extra',
    'envoy.filters.http.ext_proc/aigateway',
    'my.envoy.filters.http.jwt_authn',
  ])('is absent for %s', (name) => {
    expect(domainOf({ [name]: ofListener() })).toBeUndefined();
  });

  it('is absent without filters', () => {
    expect(domainOf({})).toBeUndefined();
  });
});

describe('authDomainOf, as Envoy Gateway configures routes', () => {
  const provider = (issuer: string, clearRouteCache = false) => ({ issuer, clearRouteCache });
  const named = (providerName: string) => ({ requiresType: { case: 'providerName', value: providerName } }) as const;
  const anyOf = (...requirements: ReturnType<typeof named>[]) =>
    ({ requiresType: { case: 'requiresAny', value: { requirements } } }) as const;
  const managerOf = (config: MessageInitShape<typeof JwtAuthenticationSchema>) =>
    create(HttpConnectionManagerSchema, {
      httpFilters: [
        {
          name: JWT,
          typedConfig: anyPack(JwtAuthenticationSchema, create(JwtAuthenticationSchema, config)),
        },
      ],
    });
  /** Of two routes whose requirements have their own names, `a` and `b`. */
  const domainsBy = (...managers: HttpConnectionManager[]) => {
    const requirements = jwtRequirementsOf(managers);
    return ['a', 'b'].map((name) => authDomainOf({ typedPerFilterConfig: { [JWT]: tokensOf(name) } }, requirements));
  };

  it.each([
    ['one provider', { a: named('a/p'), b: named('b/p') }],
    ['several', { a: anyOf(named('a/p'), named('a/q')), b: anyOf(named('b/p'), named('b/q')) }],
  ])('is equal for two routes of one policy with %s', (_, requirementMap) => {
    const providers = { 'a/p': provider('p'), 'b/p': provider('p', true), 'a/q': provider('q'), 'b/q': provider('q') };
    const [a, b] = domainsBy(managerOf({ providers, requirementMap }));
    expect(a).toMatch(/^[0-9a-f]{16}$/);
    expect(b).toBe(a);
  });

  it.each([
    ['another provider', { a: named('a/p'), b: named('b/q') }],
    ['a provider more', { a: named('a/p'), b: anyOf(named('b/p'), named('b/q')) }],
    ['no provider of the name', { a: named('a/p'), b: named('gone') }],
    ['no requirement of the name', { a: named('a/p') }],
  ])('differs for %s', (_, requirementMap) => {
    const providers = { 'a/p': provider('p'), 'b/p': provider('p'), 'b/q': provider('q') };
    const [a, b] = domainsBy(managerOf({ providers, requirementMap }));
    expect(b).not.toBe(a);
  });

  it('differs when another listener asks for something else under the name of one', () => {
    const requirementMap = { a: named('p'), b: named('p') };
    const [a, b] = domainsBy(
      managerOf({ providers: { p: provider('p') }, requirementMap }),
      managerOf({ providers: { p: provider('other') }, requirementMap: { b: named('p') } }),
    );
    expect(b).not.toBe(a);
  });

  it('does not go by the order of the context of a policy of ext_authz, but by the policy', () => {
    const settings = (...bytes: number[]) =>
      create(AnySchema, { typeUrl: 'settings', value: Uint8Array.of(0x12, ...bytes) });
    const EXT_AUTHZ = 'envoy.filters.http.ext_authz';
    const domain = domainOf({ [`${EXT_AUTHZ}/policy`]: settings(1, 2) });
    expect(domainOf({ [`${EXT_AUTHZ}/policy`]: settings(2, 1) })).toBe(domain);
    expect(domainOf({ [`${EXT_AUTHZ}/other`]: settings(1, 2) })).not.toBe(domain);
    const disabled = create(AnySchema, { typeUrl: 'settings', value: Uint8Array.of(0x08, 1) });
    expect(domainOf({ [`${EXT_AUTHZ}/policy`]: disabled })).not.toBe(domain);
    expect(domainOf({ [EXT_AUTHZ]: settings(1, 2) })).not.toBe(domainOf({ [EXT_AUTHZ]: settings(2, 1) }));
  });
});
