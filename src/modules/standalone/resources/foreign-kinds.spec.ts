import { readFileSync } from 'node:fs';
import { describe, it, expect } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { lookUpKind, resourceKinds } from './kinds/kind-table.js';
import { formatProblem } from './problem.js';
import { parseResources } from './parse-resources.js';

interface Case {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly spec: unknown;
  /** `path: message` of every problem. */
  readonly problems: readonly string[];
  /** The spec that comes out; absent when the object is left out, `same` when it is the one that went in. */
  readonly result?: unknown;
}

const cases = (file: string) =>
  parse(readFileSync(new URL(`testdata/${file}.yaml`, import.meta.url), 'utf8')) as readonly Case[];

function read({ apiVersion, kind, spec }: Pick<Case, 'apiVersion' | 'kind' | 'spec'>, lenient = false) {
  const text = stringify({ apiVersion, kind, metadata: { name: 'x' }, spec }, { aliasDuplicateObjects: false });
  return parseResources([{ name: 'a.yaml', text }], { env: {}, lenient, readFile: () => '' });
}

describe('kinds of Gateway API and Envoy Gateway', () => {
  it.each(cases('foreign-accepted'))('accepts $kind when it has $name', (given) => {
    const { objects, problems } = read(given);
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(given.problems ?? []);
    expect(objects).toEqual([
      expect.objectContaining({ kind: given.kind, spec: given.result === 'same' ? given.spec : given.result }),
    ]);
  });

  it.each(cases('foreign-refused'))('refuses $kind when it has $name', (given) => {
    const { objects, problems } = read(given);
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(given.problems);
    expect(objects).toEqual([]);
  });

  it('leaves unsupported fields out with a warning when it is lenient, and keeps refusing wrong values', () => {
    const policy = { apiVersion: 'gateway.envoyproxy.io/v1alpha1', kind: 'BackendTrafficPolicy' };
    const spec = {
      targetRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' },
      rateLimit: { type: 'Global' },
    };
    const set = read({ ...policy, spec }, true);
    expect(set.objects).toMatchObject([{ spec: { targetRef: spec.targetRef } }]);
    expect(set.objects[0]).not.toHaveProperty('spec.rateLimit');
    expect(set.problems.map(formatProblem)).toEqual([
      'a.yaml:10: warning: BackendTrafficPolicy default/x: spec.rateLimit: found a field that is not supported in standalone mode; expected "targetRef", "targetRefs", "retry", "timeout", "healthCheck", "circuitBreaker", "connection", "loadBalancer", "requestBuffer"; rate limits need Envoy Gateway and its rate limit service: run in Kubernetes, or remove rateLimit (it is left out)',
    ]);
    const wrong = read({ ...policy, spec: { ...spec, loadBalancer: { type: 'Magic' } } }, true);
    expect(wrong.objects).toEqual([]);
    expect(wrong.problems.map(({ severity }) => severity)).toEqual(['warning', 'error']);
  });

  it.each([
    [
      'gateway.networking.k8s.io/v1',
      'HTTPRoute',
      'found "HTTPRoute" of "gateway.networking.k8s.io/v1", which is not supported in standalone mode; use an AIGatewayRoute',
    ],
    [
      'gateway.envoyproxy.io/v1alpha1',
      'EnvoyPatchPolicy',
      'found "EnvoyPatchPolicy" of "gateway.envoyproxy.io/v1alpha1", which is not supported in standalone mode; run in Kubernetes, or use the fields of BackendTrafficPolicy and ClientTrafficPolicy',
    ],
    [
      'v1',
      'Service',
      'found "Service" of "v1", which is not supported in standalone mode; give the address in a Backend (endpoints with fqdn or ip)',
    ],
    [
      'aigateway.envoyproxy.io/v1beta1',
      'MCPRoute',
      'found "MCPRoute" of "aigateway.envoyproxy.io/v1beta1", which is not supported in standalone mode; MCP is not available in standalone mode yet: remove it, or run in Kubernetes',
    ],
    [
      'aigateway.envoyproxy.io/v1alpha1',
      'QuotaPolicy',
      'found "QuotaPolicy" of "aigateway.envoyproxy.io/v1alpha1", which is not supported in standalone mode; quotas need the rate limit service: run in Kubernetes, or remove it',
    ],
    [
      'inference.networking.k8s.io/v1',
      'InferencePool',
      'found "InferencePool" of "inference.networking.k8s.io/v1", which is not supported in standalone mode; endpoint pickers need Kubernetes: list the servers as endpoints of a Backend',
    ],
    [
      'gateway.networking.k8s.io/v1',
      'Backend',
      'found "Backend" of "gateway.networking.k8s.io/v1", which is not supported in standalone mode; did you mean apiVersion "gateway.envoyproxy.io/v1alpha1"?',
    ],
    [
      'aigateway.envoyproxy.io/v1beta1',
      'AIGatewayRout',
      'found "AIGatewayRout" of "aigateway.envoyproxy.io/v1beta1", which is not a known kind; did you mean "AIGatewayRoute"?',
    ],
    [
      'example.com/v1',
      'Widget',
      'found "Widget" of "example.com/v1", which is not supported in standalone mode; remove it, or run in Kubernetes',
    ],
    [
      'example.com/v1',
      'constructor',
      'found "constructor" of "example.com/v1", which is not supported in standalone mode; remove it, or run in Kubernetes',
    ],
  ])('refuses %s %s, and leaves it out with a warning when it is lenient', (apiVersion, kind, message) => {
    const object = { apiVersion, kind, spec: {} };
    expect(read(object)).toMatchObject({ objects: [], problems: [{ path: 'kind', severity: 'error', message }] });
    expect(read(object, true)).toMatchObject({
      objects: [],
      problems: [{ path: 'kind', severity: 'warning', message: `${message} (it is left out)` }],
    });
  });

  it('ignores a Namespace with a warning', () => {
    expect(read({ apiVersion: 'v1', kind: 'Namespace', spec: {} })).toMatchObject({
      objects: [],
      problems: [
        {
          severity: 'warning',
          message: 'found a Namespace, which has no effect in standalone mode: every namespace exists',
        },
      ],
    });
  });

  it.each(resourceKinds().map((each) => [each.kind, each] as const))(
    'has schemas that compile when the kind is %s',
    (_, kind) => {
      for (const version of kind.versions.values()) expect(version.validator()).toBeInstanceOf(Function);
    },
  );

  it.each([
    ['gateway.networking.k8s.io/v1beta1', 'Gateway'],
    ['gateway.networking.k8s.io/v1beta1', 'GatewayClass'],
    ['gateway.networking.k8s.io/v1', 'ReferenceGrant'],
    ['gateway.networking.k8s.io/v1alpha3', 'BackendTLSPolicy'],
  ])('knows %s %s', (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind).outcome).toBe('found');
  });
});
