import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { objectSchema, resourceVersion, type ResourceKind } from './resource-kind.js';
import { member, type StructuralSchema } from '../validation/structural-schema.js';

/** The same distance from `src` and from `dist`. */
const CRD_DIRECTORY = new URL('../../../../../helm/ai-gateway-crds/templates/', import.meta.url);

const PLURALS = ['aigatewayroutes', 'aiservicebackends', 'backendsecuritypolicies', 'gatewayconfigs'];

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
 * The CRD files that clusters get too, of the kinds that standalone mode reads.
 * @throws Error when a file is missing: the installation is incomplete.
 */
export function readCustomResourceDefinitions(): readonly CustomResourceDefinition[] {
  return PLURALS.map((plural) => {
    const file = fileURLToPath(new URL(`aigateway.envoyproxy.io_${plural}.yaml`, CRD_DIRECTORY));
    try {
      return parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
    } catch (cause) {
      throw new Error(
        `cannot read the schema file ${file}: the installation is incomplete; install the package again`,
        { cause },
      );
    }
  });
}

/** The kind that a CRD defines. */
export function customResource({ spec }: CustomResourceDefinition): ResourceKind {
  const versions = spec.versions.map(({ name, deprecationWarning, schema }) => {
    const own = member(schema.openAPIV3Schema.properties, 'spec');
    if (own === undefined) throw new Error(`version ${name} of ${spec.names.kind} has no spec`);
    const traits = { partial: false, ...(deprecationWarning === undefined ? {} : { deprecation: deprecationWarning }) };
    return [name, resourceVersion(objectSchema({ spec: own }), traits)] as const;
  });
  return {
    group: spec.group,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
    hidden: false,
    storageVersion: spec.versions.find(({ storage }) => storage)!.name,
    versions: new Map(versions),
  };
}
