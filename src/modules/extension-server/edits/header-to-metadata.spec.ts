import { create } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { ConfigSchema } from '../../../gen/proto/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js';
import {
  HttpConnectionManagerSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { withHeaderToMetadata } from './header-to-metadata.js';
import { unpack } from './packed.js';

const NAME = 'envoy.filters.http.header_to_metadata';
const ROUTER = { name: 'envoy.filters.http.router' };
const ATTRIBUTES = new Map([
  ['x-tenant', 'tenant'],
  ['agent-session-id', 'session.id'],
]);

const managerWith = (...headers: string[]) => {
  const config = create(ConfigSchema, { requestRules: headers.map((header) => ({ header })) });
  return create(HttpConnectionManagerSchema, {
    httpFilters: [{ name: NAME, typedConfig: anyPack(ConfigSchema, config) }, ROUTER],
  });
};

const rulesOf = (manager: HttpConnectionManager | undefined) =>
  unpack(manager?.httpFilters.find(({ name }) => name === NAME)?.typedConfig, ConfigSchema)?.requestRules.map(
    ({ header, onHeaderPresent }) => `${header} → ${onHeaderPresent?.key ?? 'theirs'}`,
  );

describe('withHeaderToMetadata', () => {
  it('adds no filter when there are no attributes', () => {
    const manager = create(HttpConnectionManagerSchema, { httpFilters: [ROUTER] });
    expect(withHeaderToMetadata(manager, new Map())).toBe(manager);
  });

  it('puts the filter directly before the router, rules sorted by header', () => {
    const manager = create(HttpConnectionManagerSchema, { httpFilters: [{ name: 'first' }, ROUTER] });
    const edited = withHeaderToMetadata(manager, ATTRIBUTES);
    expect(edited?.httpFilters.map(({ name }) => name)).toEqual(['first', NAME, ROUTER.name]);
    expect(rulesOf(edited)).toEqual(['agent-session-id → session.id', 'x-tenant → tenant']);
  });

  it('appends the rules that are missing in an existing filter', () => {
    expect(rulesOf(withHeaderToMetadata(managerWith('b', 'X-Tenant'), ATTRIBUTES))).toEqual([
      'b → theirs',
      'X-Tenant → theirs',
      'agent-session-id → session.id',
    ]);
  });

  it('leaves a manager alone whose filter covers all headers', () => {
    const manager = managerWith('x-tenant', 'agent-session-id');
    expect(withHeaderToMetadata(manager, ATTRIBUTES)).toBe(manager);
  });

  it('refuses a chain without router', () => {
    expect(withHeaderToMetadata(create(HttpConnectionManagerSchema), ATTRIBUTES)).toBeUndefined();
  });

  it.each([
    ['no configuration', undefined],
    ['a configuration of another type', create(AnySchema, { typeUrl: 'type.googleapis.com/x.Y' })],
  ])('refuses an existing filter with %s', (_case, typedConfig) => {
    const filter = typedConfig === undefined ? { name: NAME } : { name: NAME, typedConfig };
    const manager = create(HttpConnectionManagerSchema, { httpFilters: [filter, ROUTER] });
    expect(withHeaderToMetadata(manager, ATTRIBUTES)).toBeUndefined();
  });
});
