import { readFileSync } from 'node:fs';
import { describe, it, expect } from '@jest/globals';
import { parse } from 'yaml';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { subschemas } from '../validation/walk-schema.js';
import {
  customResources,
  PLURALS,
  readCustomResourceDefinition,
  type CustomResourceDefinition,
} from './custom-resources.js';

const definitions = PLURALS.map(readCustomResourceDefinition);
const kindOf = ({ spec }: CustomResourceDefinition) => spec.names.kind;
const find = (kind: string) => definitions.find((each) => kindOf(each) === kind)!;

/** Schema of a version, with plain data to change. */
const schemaOf = (definition: CustomResourceDefinition, version: string) =>
  structuredClone(
    definition.spec.versions.find(({ name }) => name === version)!.schema.openAPIV3Schema,
  ) as never as Schema;

interface Schema {
  readonly properties: Record<string, Schema>;
  maxProperties?: number;
  description?: string;
  'x-kubernetes-validations'?: unknown;
}

/** Texts that Helm would take for its own. */
const HELM_ACTION = /\{\{|\}\}/;

describe('CRD files', () => {
  it.each([
    ['AIGatewayRoute', 'aigatewayroutes', undefined, undefined],
    ['AIServiceBackend', 'aiservicebackends', undefined, undefined],
    ['BackendSecurityPolicy', 'backendsecuritypolicies', { 'gateway.networking.k8s.io/policy': 'direct' }, undefined],
    ['GatewayConfig', 'gatewayconfigs', undefined, ['gwconfig']],
  ])('describe %s as api.md section 1 does', (kind, plural, labels, shortNames) => {
    expect(find(kind)).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {
        name: `${plural}.aigateway.envoyproxy.io`,
        annotations: { 'helm.sh/resource-policy': 'keep' },
        ...(labels ? { labels } : {}),
      },
      spec: {
        group: 'aigateway.envoyproxy.io',
        scope: 'Namespaced',
        names: {
          kind,
          listKind: `${kind}List`,
          plural,
          singular: kind.toLowerCase(),
          ...(shortNames ? { shortNames } : {}),
        },
        versions: [
          version('v1alpha1', {
            storage: false,
            deprecated: true,
            deprecationWarning: `aigateway.envoyproxy.io/v1alpha1 ${kind} is deprecated; use aigateway.envoyproxy.io/v1beta1`,
          }),
          version('v1beta1', { storage: true }),
        ],
      },
    });
  });

  it.each(['AIGatewayRoute', 'AIServiceBackend', 'GatewayConfig'])(
    'have equal versions when the kind is %s',
    (kind) => {
      expect(schemaOf(find(kind), 'v1alpha1')).toEqual(schemaOf(find(kind), 'v1beta1'));
    },
  );

  it('differ in credentialOverride, the number of members and the GCP rule when the kind is BackendSecurityPolicy', () => {
    const alpha = schemaOf(find('BackendSecurityPolicy'), 'v1alpha1').properties['spec']!;
    const beta = schemaOf(find('BackendSecurityPolicy'), 'v1beta1').properties['spec']!;
    expect([alpha.maxProperties, beta.maxProperties]).toEqual([3, 4]);
    expect(Object.keys(beta.properties).filter((name) => !Object.hasOwn(alpha.properties, name))).toEqual([
      'credentialOverride',
    ]);
    const [alphaGcp, betaGcp] = [alpha.properties['gcpCredentials']!, beta.properties['gcpCredentials']!];
    expect(alphaGcp['x-kubernetes-validations']).not.toEqual(betaGcp['x-kubernetes-validations']);
    for (const schema of [alpha, beta]) delete schema.maxProperties;
    for (const schema of [alphaGcp, betaGcp]) {
      delete schema['x-kubernetes-validations'];
      delete schema.description;
    }
    delete beta.properties['credentialOverride'];
    expect(alpha).toEqual(beta);
  });

  it.each(customResources().map((each) => [each.kind, each] as const))(
    'hold valid CEL and patterns, and what the kind is known by, when the kind is %s',
    (kind, resource) => {
      const { spec } = find(kind);
      expect(resource).toMatchObject({
        group: spec.group,
        namespaced: spec.scope === 'Namespaced',
        storageVersion: spec.versions.find(({ storage }) => storage)?.name,
      });
      const validators = [...resource.versions.values()].map((each) => each.validator());
      expect(validators).toHaveLength(2);
    },
  );

  it.each(definitions.map((each) => [kindOf(each), each] as const))(
    'explain every member when the kind is %s',
    (_, { spec }) => {
      const silent = spec.versions.flatMap(({ schema }) =>
        [...subschemas(withoutForeignMembers(schema.openAPIV3Schema))].flatMap((each) =>
          Object.entries(each.properties ?? {}).filter(([name, inner]) => name !== 'metadata' && !inner.description),
        ),
      );
      expect(silent).toEqual([]);
    },
  );

  it.each(definitions.map((each) => [kindOf(each), each] as const))(
    'require or default the keys of keyed lists when the kind is %s',
    (_, { spec }) => {
      const loose = spec.versions.flatMap(({ schema }) =>
        [...subschemas(schema.openAPIV3Schema)].flatMap((each) =>
          (each['x-kubernetes-list-map-keys'] ?? []).filter((key) => !each.items?.required?.includes(key)),
        ),
      );
      expect(loose).toEqual([]);
    },
  );

  it.each(PLURALS)('pass through Helm unchanged when the file is that of %s', (plural) => {
    const url = new URL(
      `../../../../../helm/ai-gateway-crds/templates/aigateway.envoyproxy.io_${plural}.yaml`,
      import.meta.url,
    );
    expect(readFileSync(url, 'utf8')).not.toMatch(HELM_ACTION);
  });

  it('belong to a chart with the name that releases use', () => {
    const chart = new URL('../../../../../helm/ai-gateway-crds/Chart.yaml', import.meta.url);
    expect(parse(readFileSync(chart, 'utf8'))).toMatchObject({ apiVersion: 'v2', name: 'ai-gateway-crds-helm' });
  });
});

/** Envoy Gateway and Kubernetes explain what is in these. */
const FOREIGN_MEMBERS = new Set(['backendSettings', 'securityContext', 'valueFrom']);

function withoutForeignMembers({ items, properties, ...own }: StructuralSchema): StructuralSchema {
  const members = Object.entries(properties ?? {}).map(
    ([name, { description = '', ...inner }]) =>
      [name, FOREIGN_MEMBERS.has(name) ? { description } : withoutForeignMembers({ description, ...inner })] as const,
  );
  return {
    ...own,
    ...(items && { items: withoutForeignMembers(items) }),
    ...(properties && { properties: Object.fromEntries(members) }),
  };
}

function version(name: string, traits: object) {
  return {
    name,
    served: true,
    ...traits,
    // Ours come after it.
    additionalPrinterColumns: expect.arrayContaining([
      { name: 'Status', type: 'string', jsonPath: '.status.conditions[-1:].type' },
    ]),
    subresources: { status: {} },
    schema: { openAPIV3Schema: expect.objectContaining({ type: 'object' }) },
  };
}
