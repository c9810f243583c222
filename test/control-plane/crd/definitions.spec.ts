import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { realPart } from '../../harness/kube/real-part.js';
import { CRD_DIRECTORY, GROUP, KIND_NAMES, SERVED_KINDS, crdName, customObject, type Kind } from './served-kinds.js';

interface Crd extends KubeObject {
  readonly spec: {
    readonly names: object;
    readonly conversion: object;
    readonly versions: readonly { readonly name: string; readonly schema: object }[];
  };
  readonly status: {
    readonly storedVersions: readonly string[];
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

const POLICY = { 'gateway.networking.k8s.io/policy': 'direct' };
const LABELS: Partial<Record<Kind, object>> = { BackendSecurityPolicy: POLICY, QuotaPolicy: POLICY };
const SHORT_NAMES: Partial<Record<Kind, readonly string[]>> = { GatewayConfig: ['gwconfig'] };

/** The first column is that of the reference; the others are ours. */
const column = (name: string, jsonPath: string, more: object = {}) => ({ name, type: 'string', jsonPath, ...more });
const COLUMNS: Partial<Record<Kind, readonly object[]>> = {
  AIGatewayRoute: [
    column('Programmed', '.status.conditions[?(@.type=="Programmed")].status'),
    column('Reason', '.status.conditions[?(@.type=="Programmed")].reason', { priority: 1 }),
  ],
  AIServiceBackend: [column('Schema', '.spec.schema.name')],
  BackendSecurityPolicy: [
    column('Type', '.spec.type'),
    column('Rotated', '.status.conditions[?(@.type=="Rotated")].status'),
  ],
};

const SPECS: Partial<Record<Kind, object>> = {
  AIServiceBackend: {
    schema: { name: 'OpenAI' },
    backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' },
  },
  BackendSecurityPolicy: { type: 'APIKey', apiKey: { secretRef: { name: 's' } } },
};
/** What kubectl prints of them. */
const PRINTED: Partial<Record<Kind, readonly (readonly [header: string, value: string])[]>> = {
  AIGatewayRoute: [['PROGRAMMED', 'True']],
  AIServiceBackend: [['SCHEMA', 'OpenAI']],
  BackendSecurityPolicy: [
    ['TYPE', 'APIKey'],
    ['ROTATED', 'True'],
  ],
};

const served = (kind: Kind, name: string, traits: object) => ({
  name,
  served: true,
  ...traits,
  additionalPrinterColumns: [
    column('Status', '.status.conditions[-1:].type'),
    ...(COLUMNS[kind] ?? []),
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  subresources: { status: {} },
  schema: { openAPIV3Schema: expect.objectContaining({ type: 'object' }) },
});

/** @see spec api.md section 1 */
const servedVersions = (kind: Kind) =>
  kind === 'QuotaPolicy'
    ? [served(kind, 'v1alpha1', { storage: true })]
    : [
        served(kind, 'v1alpha1', {
          storage: false,
          deprecated: true,
          deprecationWarning: `${GROUP}/v1alpha1 ${kind} is deprecated; use ${GROUP}/v1beta1`,
        }),
        served(kind, 'v1beta1', { storage: true }),
      ];

const newest = (kind: Kind): string => SERVED_KINDS[kind].versions.at(-1)!;

const crdRef = (kind: Kind) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: crdName(kind),
});

describe('the CRDs of the chart', () => {
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await KubeCluster.start();
    // Client-side: every CRD fits the annotation with the last applied text. A schema the server dislikes is a warning.
    await cluster.kubectl.applyFile(CRD_DIRECTORY, '--warnings-as-errors');
    await cluster.kubectl.run('wait', '--for=condition=Established', '--timeout=60s', ...KIND_NAMES.map(crdPath));
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
  });

  it.each(KIND_NAMES)('are established when the kind is %s', async (kind) => {
    const crd = await cluster.api.get<Crd>(crdRef(kind));
    const { plural } = SERVED_KINDS[kind];
    expect(crd).toMatchObject({
      metadata: {
        name: crdName(kind),
        annotations: { 'helm.sh/resource-policy': 'keep' },
      },
      spec: { group: GROUP, scope: 'Namespaced', conversion: { strategy: 'None' } },
      status: { storedVersions: [newest(kind)] },
    });
    expect(crd?.metadata.labels).toEqual(LABELS[kind]);
    const shortNames = SHORT_NAMES[kind];
    expect(crd?.spec.names).toEqual({
      kind,
      listKind: `${kind}List`,
      plural,
      singular: kind.toLowerCase(),
      ...(shortNames && { shortNames }),
    });
    expect(crd?.spec.versions).toEqual(servedVersions(kind));
    // A schema that is not structural would add a third one.
    expect(crd?.status.conditions.map(({ type, status }) => [type, status])).toEqual([
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ]);
  });

  it('can be applied by the server too, after and before', async () => {
    const flags = ['--server-side', '--force-conflicts', '--warnings-as-errors'];
    const output = await cluster.kubectl.applyFile(CRD_DIRECTORY, ...flags);
    for (const kind of KIND_NAMES) expect(output).toContain(`${crdName(kind)} serverside-applied`);
  });

  it('are what Helm renders', () => {
    const output = execFileSync(
      realPart('AIGW_TEST_HELM'),
      ['template', 'x', 'helm/ai-gateway-crds', '--kube-version', '1.36.2'],
      {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    const rendered = parseAllDocuments(output).map((document) => document.toJS() as KubeObject);
    const files = KIND_NAMES.map(
      (kind) =>
        parse(readFileSync(`${CRD_DIRECTORY}/${GROUP}_${SERVED_KINDS[kind].plural}.yaml`, 'utf8')) as KubeObject,
    );
    const byName = (objects: readonly KubeObject[]) => new Map(objects.map((each) => [each.metadata.name, each]));
    expect(byName(rendered)).toEqual(byName(files));
  });

  const rows = KIND_NAMES.flatMap((kind) => SERVED_KINDS[kind].versions.map((version) => ({ kind, version })));
  it.each(rows)(
    'let kubectl print the state of $kind in $version, the last condition first',
    async ({ kind, version }) => {
      const object = customObject(kind, version, `printed-${version}`, SPECS[kind]);
      const created = await cluster.api.create(object);
      const conditions = ['ResolvedRefs', 'Programmed', 'Rotated', 'Accepted'].map(condition);
      await cluster.api.patch(
        { ...created, ...created.metadata, namespace: 'default' },
        { status: { conditions } },
        'status',
      );
      const resource = `${SERVED_KINDS[kind].plural}.${version}.${GROUP}`;
      const output = await cluster.kubectl.run('get', resource, object.metadata.name);
      const printed = PRINTED[kind] ?? [];
      expect(output.trim().split('\n').map(words)).toEqual([
        ['NAME', 'STATUS', ...printed.map(([header]) => header), 'AGE'],
        [object.metadata.name, 'Accepted', ...printed.map(([, value]) => value), expect.stringMatching(/^\d+s$/)],
      ]);
    },
  );

  it('know GatewayConfig by its short name', async () => {
    await cluster.api.create(customObject('GatewayConfig', 'v1beta1', 'short'));
    expect(await cluster.kubectl.run('get', 'gwconfig', 'short', '-o', 'name')).toBe(`gatewayconfig.${GROUP}/short\n`);
  });

  const deprecated = rows.filter(({ kind, version }) => version !== newest(kind));
  it.each(deprecated)('make the server warn of $kind in $version', async ({ kind, version }) => {
    const list = cluster.kubectl.run('get', `${SERVED_KINDS[kind].plural}.${version}.${GROUP}`, '--warnings-as-errors');
    await expect(list).rejects.toThrow(`${GROUP}/v1alpha1 ${kind} is deprecated; use ${GROUP}/v1beta1`);
  });

  const current = rows.filter(({ kind, version }) => version === newest(kind));
  it.each(current)('let the server be silent about $kind in $version', async ({ kind, version }) => {
    const resource = `${SERVED_KINDS[kind].plural}.${version}.${GROUP}`;
    expect(await cluster.kubectl.run('get', resource, '--warnings-as-errors', '-o', 'name')).toContain('/printed-');
  });

  it('explain the members', async () => {
    const output = await cluster.kubectl.run('explain', 'mcproute.spec.securityPolicy.oauth.issuer');
    expect(output).toContain('Authorization server.');
  });
});

const crdPath = (kind: Kind) => `crd/${crdName(kind)}`;
const words = (line: string) => line.split(/\s+/);

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Test',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
