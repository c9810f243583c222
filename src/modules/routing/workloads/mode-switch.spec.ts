import { describe, expect, it } from '@jest/globals';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import type { ServiceUse } from '../../../shared/api/generated-http-route.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import { IN_FORCE_AFTER_MS, ModeSwitch } from './mode-switch.js';
import type { Proxies } from './proxies.js';
import { FORMER_CONNECTIONS_MS } from './service-use.js';

const object = (apiVersion: string, kind: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'edge', namespace: 'ns' },
});
const GATEWAY = object('gateway.networking.k8s.io/v1', 'Gateway') as Gateway;
const ROOT = keyOf(GATEWAY);
const DEPLOYED = [object('apps/v1', 'Deployment'), object('v1', 'Service'), object('v1', 'Secret')];
const OWNED = {
  'gateway.envoyproxy.io/owning-gateway-namespace': 'ns',
  'gateway.envoyproxy.io/owning-gateway-name': 'edge',
};
const pod = (...containers: string[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'envoy', namespace: 'ns', labels: OWNED },
  spec: { containers: containers.map((name) => ({ name })) },
});
const proxies = (...pods: Pod[]): Proxies => ({ namespace: 'ns', workloads: [], isShared: false, pods });
const SIDECAR = proxies(pod('envoy', 'ai-gateway-extproc'));
const BARE = proxies(pod('envoy'));

/** A mode switch whose clock, routes and translations are the test's. */
function switchTo(extProcMode: 'sidecar' | 'deployment', isCurrent: () => boolean = () => true) {
  const modeSwitch = new ModeSwitch({ extProcMode, isTranslationCurrent: isCurrent });
  return (
    ms: number,
    told: ServiceUse,
    wanted: ServiceUse,
    pods = SIDECAR,
    existing: readonly KubeObject[] = DEPLOYED,
    going: readonly Pod[] = [],
  ) => {
    const { holdsRollOut, keeps } = modeSwitch.waiting(
      ROOT,
      { sharing: [GATEWAY], proxies: pods, existing },
      { told: () => told, of: () => wanted, entry: () => undefined },
      { world: snapshotOf([...pods.pods, ...going]), now: new Date(ms) },
    );
    return { holdsRollOut, kept: existing.filter(keeps).map(({ kind }) => kind) };
  };
}

const NOTHING = { holdsRollOut: false, kept: [] };
const HELD = { holdsRollOut: true, kept: [] };
const KEPT = { holdsRollOut: false, kept: ['Deployment', 'Service'] };

describe('ModeSwitch to a Deployment', () => {
  it('lets sidecars go when the routes tell of the Service and Envoy Gateway has translated them', () => {
    let isCurrent = false;
    const at = switchTo('deployment', () => isCurrent);
    expect(at(0, 'announced', 'announced')).toEqual(HELD);
    expect(at(1, 'announced', 'used')).toEqual(HELD);
    expect(at(2, 'used', 'used')).toEqual(HELD);
    isCurrent = true;
    expect(at(3, 'used', 'used')).toEqual(NOTHING);
  });

  it('lets them go after a while when nobody can tell whether Envoy Gateway has', () => {
    const at = switchTo('deployment', () => false);
    expect(at(0, 'used', 'used')).toEqual(HELD);
    expect(at(IN_FORCE_AFTER_MS - 1, 'used', 'used')).toEqual(HELD);
    expect(at(IN_FORCE_AFTER_MS, 'used', 'used')).toEqual(NOTHING);
  });

  it('holds nothing up where there are no sidecars', () => {
    expect(switchTo('deployment')(0, 'none', 'used', BARE)).toEqual(NOTHING);
  });
});

describe('ModeSwitch to sidecars', () => {
  it('keeps Deployment and Service until no Envoy can use them', () => {
    const at = switchTo('sidecar');
    expect(at(0, 'used', 'used', BARE)).toEqual(KEPT);
    expect(at(10_000, 'used', 'none')).toEqual(KEPT);
    expect(at(20_000, 'none', 'none')).toEqual(KEPT);
    expect(at(20_000 + FORMER_CONNECTIONS_MS - 1, 'none', 'none')).toEqual(KEPT);
    expect(at(20_000 + FORMER_CONNECTIONS_MS, 'none', 'none')).toEqual(NOTHING);
  });

  it('begins to wait anew when a proxy without sidecar comes back', () => {
    const at = switchTo('sidecar');
    at(0, 'none', 'none');
    at(50_000, 'used', 'used', BARE);
    expect(at(60_000, 'none', 'none')).toEqual(KEPT);
    expect(at(FORMER_CONNECTIONS_MS, 'none', 'none')).toEqual(KEPT);
  });

  it('keeps nothing where there is no Envoy, but for one that is going', () => {
    const { metadata, ...rest } = pod('envoy');
    const leaving = { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(switchTo('sidecar')(0, 'none', 'none', proxies())).toEqual(NOTHING);
    expect(switchTo('sidecar')(0, 'none', 'none', proxies(), DEPLOYED, [leaving])).toEqual(KEPT);
  });

  it('keeps nothing where there is no Deployment', () => {
    expect(switchTo('sidecar')(0, 'none', 'none', BARE, [DEPLOYED[2]!])).toEqual(NOTHING);
  });
});
