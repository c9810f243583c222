import { afterAll, beforeAll } from '@jest/globals';
import type { EnvoyPlan } from './envoy-config.js';
import { Gateway, type GatewaySettings } from './gateway.js';
import { TestUpstream } from './test-upstream.js';

export interface World<Name extends string> {
  readonly gateway: Gateway;
  readonly upstreams: Readonly<Record<Name, TestUpstream>>;
}

/**
 * The test upstreams of these names and one gateway in front of them, for all tests of a spec file. Made before its first
 * test and gone after its last.
 */
export function useWorld<Name extends string>(
  names: readonly Name[],
  plan: (upstreams: Readonly<Record<Name, TestUpstream>>) => EnvoyPlan,
  settings: GatewaySettings & { readonly protocol?: 'http1' | 'http2' } = {},
): World<Name> {
  const upstreams = {} as Record<Name, TestUpstream>;
  const world = { upstreams, gateway: undefined as unknown as Gateway };
  beforeAll(async () => {
    for (const name of names) upstreams[name] = await TestUpstream.start(settings.protocol);
    world.gateway = await Gateway.start(plan(upstreams), settings);
  });
  afterAll(async () => {
    await world.gateway?.close();
    await Promise.all(Object.values<TestUpstream>(upstreams).map((upstream) => upstream.close()));
  });
  return world;
}
