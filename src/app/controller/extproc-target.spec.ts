import { describe, expect, it } from '@jest/globals';
import { parseControllerSettings } from '../../platform/config/controller-settings.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { objectKey } from '../../shared/api/kube-object.js';
import { kinds } from '../../shared/api/kinds.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { generateExtProcDeployment } from '../../modules/routing/generate/extproc-deployment.js';
import { extProcServiceName } from '../../shared/extproc-pod/service.js';
import { deploymentTarget } from './extproc-target.js';

const object = (apiVersion: string, kind: string, name: string, namespace: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  ...more,
});
const gateway = (name: string) =>
  object('gateway.networking.k8s.io/v1', 'Gateway', name, 'default', { spec: { gatewayClassName: 'eg' } });
const proxy = (labels: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'envoy', namespace: 'proxies', labels },
});
const CA = object('v1', 'Secret', 'tls', 'envoy-gateway-system', {
  data: { 'ca.crt': Buffer.from('the CA').toString('base64') },
});

const settings = (...flags: readonly string[]) => parseControllerSettings(flags, { POD_NAMESPACE: 'ns' });

const targetOf = (world: readonly KubeObject[], name = 'edge', ...flags: readonly string[]) =>
  deploymentTarget(settings('-extProcMode=deployment', ...flags)).extProcDeploymentOf?.(
    objectKey(kinds.gateway, 'default', name),
    snapshotOf(world),
  );

const serviceIn = (namespace: string, name = 'edge') =>
  `${extProcServiceName('default', name)}.${namespace}.svc.cluster.local`;

describe('deploymentTarget', () => {
  it('is none in mode sidecar', () => {
    const { extProcDeploymentOf } = deploymentTarget(settings());
    expect(
      extProcDeploymentOf(objectKey(kinds.gateway, 'default', 'edge'), snapshotOf([gateway('edge')])),
    ).toBeUndefined();
  });

  it.each([
    ['in plain text', undefined, {}],
    ['with the CA that it mounts', 'tls', { tls: { ca: 'the CA' } }],
  ])('is what a former mode deployment has left in mode sidecar, reached %s', (_title, tlsSecret, tls) => {
    const edge = gateway('edge');
    const inputs = { settings: settings().extProc, overrides: undefined, needsMcp: false };
    const left = generateExtProcDeployment(edge, inputs, 'envoy-gateway-system', { replicas: 1, tlsSecret });
    const { extProcDeploymentOf } = deploymentTarget(settings());
    expect(extProcDeploymentOf(objectKey(kinds.gateway, 'default', 'edge'), snapshotOf([edge, CA, ...left]))).toEqual({
      dnsName: serviceIn('envoy-gateway-system'),
      port: 1063,
      ...tls,
    });
  });

  it('is the Service beside the proxies, or where they will be', () => {
    const labels = {
      'gateway.envoyproxy.io/owning-gateway-name': 'edge',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    };
    expect(targetOf([gateway('edge'), proxy(labels)])).toEqual({ dnsName: serviceIn('proxies'), port: 1063 });
    expect(targetOf([gateway('edge')])).toEqual({ dnsName: serviceIn('envoy-gateway-system'), port: 1063 });
    // A replica that is late does not know the Gateway yet.
    expect(targetOf([])).toEqual({ dnsName: serviceIn('envoy-gateway-system'), port: 1063 });
  });

  it('is the Service of the first Gateway when Gateways share their proxies', () => {
    const shared = proxy({ 'gateway.envoyproxy.io/owning-gatewayclass': 'eg' });
    const world = [gateway('edge'), gateway('a'), shared];
    expect(targetOf(world)?.dnsName).toBe(serviceIn('proxies', 'a'));
  });

  it('trusts the CA of the Secret, and nobody while there is none', () => {
    expect(targetOf([gateway('edge'), CA], 'edge', '-extProcTLSSecret=tls')?.tls).toEqual({ ca: 'the CA' });
    expect(targetOf([gateway('edge')], 'edge', '-extProcTLSSecret=tls')?.tls).toEqual({ ca: '' });
  });
});
