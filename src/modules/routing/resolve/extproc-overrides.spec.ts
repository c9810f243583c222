import { describe, expect, it } from '@jest/globals';
import type { ExtProcContainerOverrides, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import { overrideFaults } from './extproc-overrides.js';

const faultsOf = (kubernetes: ExtProcContainerOverrides) => {
  const config: GatewayConfig = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'GatewayConfig',
    metadata: { namespace: 'ns', name: 'config' },
    spec: { extProc: { kubernetes } },
  };
  return overrideFaults(config).map(
    ({ path, severity }) => `${severity} ${path.replace('spec.extProc.kubernetes.', '')}`,
  );
};
const fieldRef = { fieldPath: 'spec.nodeName' };

describe('overrideFaults', () => {
  it.each<[string, ExtProcContainerOverrides]>([
    ['nothing', {}],
    ['a value', { env: [{ name: 'A', value: 'b' }] }],
    ['no value', { env: [{ name: 'A' }] }],
    ['a name with odd characters', { env: [{ name: 'a-b.c d', value: '' }] }],
    ['an empty value beside a source', { env: [{ name: 'A', value: '', valueFrom: { fieldRef } }] }],
    ['one source', { env: [{ name: 'A', valueFrom: { fieldRef } }] }],
    ['a privileged container', { securityContext: { privileged: true } }],
    ['a container that may not escalate', { securityContext: { allowPrivilegeEscalation: false, privileged: false } }],
    ['mounts', { volumeMounts: [{ name: 'v', mountPath: '/a' }] }],
  ])('finds nothing wrong with %s', (_, kubernetes) => {
    expect(faultsOf(kubernetes)).toEqual([]);
  });

  it('names the place of each fault', () => {
    const env = [
      { name: 'fine' },
      { name: 'A=B' },
      { name: 'A\n' },
      { name: 'A', value: 'b', valueFrom: { fieldRef } },
      { name: 'A', valueFrom: {} },
    ];
    const securityContext = { privileged: true, allowPrivilegeEscalation: false };
    const volumeMounts = ['/own', '/etc/filter-config-bundle', '/own'].map((mountPath) => ({ name: 'v', mountPath }));
    expect(faultsOf({ env, securityContext, volumeMounts })).toEqual([
      'error env[1].name',
      'error env[2].name',
      'error env[3].valueFrom',
      'error env[4].valueFrom',
      'error securityContext.allowPrivilegeEscalation',
      'warning volumeMounts[1].mountPath',
      'warning volumeMounts[2].mountPath',
    ]);
  });
});
