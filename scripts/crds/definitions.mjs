// CustomResourceDefinitions around the schemas of the kinds. @see spec api.md section 1
import { stringify } from 'yaml';
import { aiGatewayRoute } from './kinds/ai-gateway-route.mjs';
import { aiServiceBackend } from './kinds/ai-service-backend.mjs';
import { backendSecurityPolicy } from './kinds/backend-security-policy.mjs';
import { gatewayConfig } from './kinds/gateway-config.mjs';
import { mcpRoute } from './kinds/mcp-route.mjs';
import { quotaPolicy } from './kinds/quota-policy.mjs';
import { text } from './schema.mjs';

const GROUP = 'aigateway.envoyproxy.io';

export const KINDS = [aiGatewayRoute, aiServiceBackend, backendSecurityPolicy, gatewayConfig, mcpRoute, quotaPolicy];

/** The version that is stored is the last one; the ones before it are deprecated. */
export const storageVersion = ({ versions }) => versions.at(-1);

/** File names of the chart with their content. */
export const crdFiles = () =>
  new Map(KINDS.map((each) => [`${GROUP}_${each.plural}.yaml`, asYaml(customResourceDefinition(each))]));

function customResourceDefinition(description) {
  const { kind, plural, shortNames, labels, versions } = description;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      ...(labels && { labels }),
      // `helm uninstall` would delete the objects of users together with the CRDs.
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames && { shortNames }),
      },
      versions: versions.map((version) => crdVersion(description, version)),
    },
  };
}

/** Type of the last condition, which is `Accepted` or `NotAccepted`: as in the reference. */
const STATUS = { name: 'Status', type: 'string', jsonPath: '.status.conditions[-1:].type' };
/** Which tables have by default, and lose when a definition names columns. */
const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function crdVersion(description, version) {
  const newest = storageVersion(description);
  return {
    name: version,
    served: true,
    storage: version === newest,
    ...(version !== newest && {
      deprecated: true,
      deprecationWarning: `${GROUP}/${version} ${description.kind} is deprecated; use ${GROUP}/${newest}`,
    }),
    additionalPrinterColumns: [STATUS, ...(description.columns ?? []), AGE],
    subresources: { status: {} },
    schema: { openAPIV3Schema: plain(objectSchema(description, version)) },
  };
}

/** `spec` is not required: an object without it is admitted, and no rule is run. */
const objectSchema = ({ description, spec, status }, version) => ({
  description,
  type: 'object',
  properties: {
    apiVersion: text('Group and version of the API.'),
    kind: text('Kind of the object.'),
    metadata: { type: 'object' },
    spec: spec(version),
    status,
  },
});

const FIRST = ['description', 'type', 'required'];
const LAST = ['items', 'additionalProperties', 'properties'];

/** The schema in a fixed order of keys, and without the names of TypeScript types. */
function plain(schema) {
  const limits = Object.keys(schema).filter((key) => !FIRST.includes(key) && !LAST.includes(key));
  const entries = [...FIRST, ...limits, ...LAST].filter((key) => schema[key] !== undefined);
  return Object.fromEntries(entries.map((key) => [key, plainMember(key, schema[key])]));
}

function plainMember(key, value) {
  if (key === 'items' || key === 'additionalProperties') return plain(value);
  if (key !== 'properties') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** Texts that mean something else to older YAML parsers, such as Helm's, are quoted. */
const asYaml = (value) => stringify(value, { aliasDuplicateObjects: false, lineWidth: 120, compat: 'yaml-1.1' });
