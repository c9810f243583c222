import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { objectSchema, resourceVersion, type ResourceKind } from './resource-kind.js';
import { member, type StructuralSchema } from '../validation/structural-schema.js';

/** The same distance from `src` and from `dist`. */
const CRD_DIRECTORY = new URL('../../../../../helm/ai-gateway-crds/templates/', import.meta.url);

/** Our kinds by the names of their files. */
const KINDS = {
  aigatewayroutes: 'AIGatewayRoute',
  aiservicebackends: 'AIServiceBackend',
  backendsecuritypolicies: 'BackendSecurityPolicy',
  gatewayconfigs: 'GatewayConfig',
} as const;
type Plural = keyof typeof KINDS;

export const PLURALS = Object.keys(KINDS) as readonly Plural[];

/** Members of `spec` that mean something in clusters only. */
const NO_EFFECT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GatewayConfig: {
    extProc:
      'found settings of a container, which have no effect in standalone mode: the External Processor runs as a process ' +
      'of this machine and has its environment; remove extProc, or run in Kubernetes',
  },
};

const CLUSTER_SETTINGS = 'backendSettings';
const OPAQUE: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The members of a CRD that are read here. @see apiextensions.k8s.io/v1 */
export interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly storage: boolean;
      readonly deprecationWarning?: string;
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
    }[];
  };
}

/**
 * The kinds of ours, described by the CRD files that clusters get too. A file is read when an object of its kind turns
 * up: they are large, and most configurations need two of them.
 */
export const customResources = (): readonly ResourceKind[] => PLURALS.map(customResource);

function customResource(plural: Plural): ResourceKind {
  let versions: ResourceKind['versions'] | undefined;
  return {
    group: 'aigateway.envoyproxy.io',
    kind: KINDS[plural],
    namespaced: true,
    hidden: false,
    storageVersion: 'v1beta1',
    get versions() {
      return (versions ??= versionsOf(readCustomResourceDefinition(plural)));
    },
  };
}

/** @throws Error when the file is missing: the installation is incomplete. */
export function readCustomResourceDefinition(plural: Plural): CustomResourceDefinition {
  const file = fileURLToPath(new URL(`aigateway.envoyproxy.io_${plural}.yaml`, CRD_DIRECTORY));
  try {
    return parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
  } catch (cause) {
    throw new Error(`cannot read the schema file ${file}: the installation is incomplete; install the package again`, {
      cause,
    });
  }
}

function versionsOf({ spec }: CustomResourceDefinition): ResourceKind['versions'] {
  const versions = spec.versions.map(({ name, deprecationWarning, schema }) => {
    const own = member(schema.openAPIV3Schema.properties, 'spec');
    if (own === undefined) throw new Error(`version ${name} of ${spec.names.kind} has no spec`);
    const checked = withoutEffect(withOpaqueMembers(own), spec.names.kind);
    const traits = { partial: false, ...(deprecationWarning === undefined ? {} : { deprecation: deprecationWarning }) };
    return [name, resourceVersion(objectSchema({ spec: checked }), traits)] as const;
  });
  return new Map(versions);
}

/**
 * Takes connection settings of Envoy Gateway as they are: they mean nothing here, a policy has three of them, and to
 * compile their checks would take longer than all others together. The rules around them still see them.
 */
function withOpaqueMembers(schema: StructuralSchema): StructuralSchema {
  const { items, properties } = schema;
  if (items !== undefined) return { ...schema, items: withOpaqueMembers(items) };
  if (properties === undefined) return schema;
  const members = Object.entries(properties).map(
    ([name, inner]) => [name, name === CLUSTER_SETTINGS ? OPAQUE : withOpaqueMembers(inner)] as const,
  );
  return { ...schema, properties: Object.fromEntries(members) };
}

function withoutEffect(spec: StructuralSchema, kind: string): StructuralSchema {
  const marked = Object.entries(NO_EFFECT[kind] ?? {}).map(([name, reason]) => [
    name,
    { ...member(spec.properties, name), 'x-standalone-no-effect': reason },
  ]);
  return {
    ...spec,
    properties: { ...spec.properties, ...(Object.fromEntries(marked) as StructuralSchema['properties']) },
  };
}
