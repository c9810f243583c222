import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { refOf, type ObjectRef } from '../../harness/kube/api.js';
import type { KubeCluster } from '../../harness/kube/kube-cluster.js';
import {
  GROUP,
  KIND_NAMES,
  customObject,
  refusal,
  startWithOurCrds,
  versionsOf,
  type CustomObject,
  type Kind,
} from './served-kinds.js';

/** Something with defaults for each kind that has two versions. */
const SPECS = {
  AIGatewayRoute: '{parentRefs: [{name: g}], rules: [{backendRefs: [{name: a}]}]}',
  AIServiceBackend: '{schema: {name: OpenAI}, backendRef: {group: gateway.envoyproxy.io, kind: Backend, name: b}}',
  BackendSecurityPolicy: '{type: APIKey, apiKey: {secretRef: {name: s}}}',
  GatewayConfig: '{forwardProxy: {address: "proxy:3128"}}',
  MCPRoute: '{parentRefs: [{name: g}], backendRefs: [{name: a, port: 80}]}',
} as const satisfies Partial<Record<Kind, string>>;
const TWO_VERSIONS = Object.keys(SPECS) as readonly (keyof typeof SPECS)[];

const inVersion = (version: string, object: CustomObject): ObjectRef => ({
  ...refOf(object),
  namespace: 'default',
  apiVersion: `${GROUP}/${version}`,
});

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Test',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

/** One condition for each letter. */
const conditionsOf = (types: string) => types.split('').map(condition);

describe('versions', () => {
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await startWithOurCrds();
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
  });

  it.each(
    TWO_VERSIONS.flatMap((kind) => [
      { kind, written: 'v1alpha1', read: 'v1beta1' },
      { kind, written: 'v1beta1', read: 'v1alpha1' },
    ]),
  )('show a $kind written as $written the same as $read', async ({ kind, written, read }) => {
    const object = customObject(kind, written, `from-${written}`, parse(SPECS[kind]));
    const created = await cluster.api.create(object);
    const found = await cluster.api.get<CustomObject>(inVersion(read, object));
    expect(found).toMatchObject({ apiVersion: `${GROUP}/${read}`, metadata: { uid: created.metadata.uid } });
    expect(found?.spec).toEqual(created.spec);
  });

  it('lose credentialOverride when a policy is written as v1alpha1', async () => {
    const spec: unknown = parse(
      '{type: APIKey, apiKey: {secretRef: {name: s}}, credentialOverride: {fromRequestHeaders: {header: x-key}}}',
    );
    const object = customObject('BackendSecurityPolicy', 'v1beta1', 'override', spec);
    await cluster.api.create(object);
    const old = await cluster.api.get<CustomObject>(inVersion('v1alpha1', object));
    expect(old?.spec).not.toHaveProperty('credentialOverride');
    await cluster.api.replace(old!);
    const stored = await cluster.api.get<CustomObject>(inVersion('v1beta1', object));
    expect(stored?.spec).toEqual({ type: 'APIKey', apiKey: { secretRef: { group: '', kind: 'Secret', name: 's' } } });
  });

  // A part that is not changed is not checked again ("ratcheting", since Kubernetes 1.33).
  it('refuse a change as v1alpha1 of GCP credentials that only v1beta1 allows, and take one beside them', async () => {
    const spec = { type: 'GCPCredentials', gcpCredentials: { projectName: 'p', region: 'r' } };
    const object = customObject('BackendSecurityPolicy', 'v1beta1', 'ambient', spec);
    await cluster.api.create(object);
    const old = inVersion('v1alpha1', object);
    const change = { spec: { gcpCredentials: { region: 's' } } };
    const error = await refusal(cluster.api.patch<CustomObject>(old, change));
    expect(error.detail).toContain('spec.gcpCredentials: ');
    const labelled = await cluster.api.patch<CustomObject>(old, { metadata: { labels: { a: 'b' } } });
    expect(labelled).toMatchObject({ metadata: { labels: { a: 'b' } }, spec });
    expect((await cluster.api.patch<CustomObject>(inVersion('v1beta1', object), change)).spec).toMatchObject(
      change.spec,
    );
  });

  it.each(KIND_NAMES)('store a %s without spec, and let it get one later', async (kind) => {
    const version = versionsOf(kind).at(-1)!;
    const object = customObject(kind, version, 'empty');
    expect(await cluster.api.create(object)).not.toHaveProperty('spec');
    const finalizers = [`${GROUP}/finalizer`];
    const patched = await cluster.api.patch<CustomObject>(inVersion(version, object), { metadata: { finalizers } });
    expect(patched.metadata.finalizers).toEqual(finalizers);
    expect(patched).not.toHaveProperty('spec');
  });

  it('refuse to add a member to a list of a policy that would break a rule', async () => {
    const object = customObject('BackendSecurityPolicy', 'v1beta1', 'changed', parse(SPECS.BackendSecurityPolicy));
    await cluster.api.create(object);
    const targetRefs = [{ group: '', kind: 'Service', name: 's' }];
    const error = await refusal(cluster.api.patch(inVersion('v1beta1', object), { spec: { targetRefs } }));
    expect(error.detail).toContain('spec.targetRefs: ');
  });

  it.each(KIND_NAMES)('change the status of a %s through its subresource only', async (kind) => {
    const version = versionsOf(kind).at(-1)!;
    const object = customObject(kind, version, 'status');
    const status = { conditions: [condition('Accepted')] };
    expect(await cluster.api.create({ ...object, status })).not.toHaveProperty('status');
    const ref = inVersion(version, object);
    const changed = await cluster.api.patch<CustomObject>(ref, { status, metadata: { labels: { a: 'b' } } }, 'status');
    expect(changed.status).toEqual(status);
    expect(changed.metadata.generation).toBe(1);
  });

  it.each([
    ['a condition of one type twice', [condition('A'), condition('A')], 'status.conditions[1]: Duplicate value'],
    ['nine conditions', conditionsOf('ABCDEFGHI'), 'status.conditions: Too many: 9: must have at most 8 items'],
    ['a condition without reason', [{ ...condition('A'), reason: '' }], 'status.conditions[0].reason: '],
    ['an unknown status', [{ ...condition('A'), status: 'Maybe' }], 'status.conditions[0].status: Unsupported value'],
  ])('refuse the status of a GatewayConfig with %s', async (title, conditions, expected) => {
    const object = customObject('GatewayConfig', 'v1beta1', `refused-${title.split(' ')[1]}-${conditions.length}`);
    await cluster.api.create(object);
    const error = await refusal(cluster.api.patch(inVersion('v1beta1', object), { status: { conditions } }, 'status'));
    expect(error.detail).toContain(expected);
  });

  it('take a route condition of one type twice and more than eight', async () => {
    const object = customObject('AIGatewayRoute', 'v1beta1', 'many-conditions');
    await cluster.api.create(object);
    const status = { conditions: conditionsOf('AABCDEFGHI') };
    const ref = inVersion('v1beta1', object);
    expect((await cluster.api.patch<CustomObject>(ref, { status }, 'status')).status).toEqual(status);
  });
});
