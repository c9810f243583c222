import type { VersionedAPISchema } from '../../../shared/api/ai-gateway.js';
import type {
  BackendConfig,
  FilterConfig,
  RouteCostConfig,
  SchemaConfig,
} from '../../../shared/filter-config/filter-config.js';
import type { PoolNode, RefNode, RouteGraph, RouteNode, ServiceBackendNode } from '../resolve/route-graph.js';
import { generateModels } from './models.js';
import { mergeBodyMutations, mergeHeaderMutations } from './mutations.js';

/** `version` is kept for readers of old builds. @see spec extproc.md section 2 */
const POOL_SCHEMA: SchemaConfig = { name: 'OpenAI', version: 'v1', prefix: 'v1' };
const DEFAULT_PREFIX = 'v1';

/**
 * What the data plane has to know of a graph, all but the id of the content. Refs that cannot be used are left out; so
 * are the costs of a route that has no usable ref. @see spec controller.md section 9.1
 */
export function generateFilterConfig(graph: RouteGraph, version: string): Omit<FilterConfig, 'uuid'> {
  const routes = graph.routes.filter((node) => !node.isRefused);
  return {
    version,
    globalLLMRequestCosts: graph.gatewayConfig?.costs ?? [],
    llmRequestCosts: routes.filter((node) => backendsOfRoute(node).length > 0).flatMap(costsOfRoute),
    backends: routes.flatMap(backendsOfRoute),
    ...generateModels(routes),
  };
}

const costsOfRoute = ({ route, namespace, costs }: RouteNode): readonly RouteCostConfig[] =>
  costs.map(({ metadataKey, ...cost }) => ({ metadataKey, routeName: `${namespace}/${route.metadata.name}`, ...cost }));

const backendsOfRoute = (node: RouteNode): readonly BackendConfig[] =>
  node.rules.flatMap(({ index, refs }) =>
    refs.flatMap((ref) => {
      if (!ref.isUsable || !ref.backend) return [];
      // Defaults are not written, so that other readers of the document find what they know.
      return [
        {
          ...generateBackend(backendName(node, index, ref), ref, ref.backend),
          ...(ref.target.namespace !== node.namespace && { namespace: ref.target.namespace }),
          ...(node.translationPolicy === 'strict' && { translationPolicy: node.translationPolicy }),
          ...(node.providerResources === 'allow' && { providerResources: node.providerResources }),
        },
      ];
    }),
  );

/** Identity of a ref in xDS metadata: the route's namespace, also for a backend of another one. */
const backendName = ({ route, namespace }: RouteNode, rule: number, { ref, index }: RefNode): string =>
  `${namespace}/${ref.name}/route/${route.metadata.name}/rule/${rule}/ref/${index}`;

function generateBackend(name: string, { ref }: RefNode, backend: ServiceBackendNode | PoolNode): BackendConfig {
  const { auth } = backend;
  const inputHeaders = auth?.credentialOverride?.inputHeadersToRemove ?? [];
  const spec = backend.kind === 'service' ? backend.object.spec : undefined;
  const ofRoute = backend.kind === 'service' ? ref : undefined;
  const httpHeaderMutation = mergeHeaderMutations(spec?.headerMutation, ofRoute?.headerMutation, inputHeaders);
  const httpBodyMutation = mergeBodyMutations(spec?.bodyMutation, ofRoute?.bodyMutation);
  return {
    name,
    modelNameOverride: ref.modelNameOverride ?? '',
    schema: spec ? toSchema(spec.schema) : POOL_SCHEMA,
    ...(auth && { auth }),
    ...(httpHeaderMutation && { httpHeaderMutation }),
    ...(httpBodyMutation && { httpBodyMutation }),
  };
}

/** Of Azure's surfaces the newer one has this path in place of one for each deployment (translators.md G42). */
const V1_SURFACE = /(^|\/)openai\/v1\/?$/;

/** A prefix means something to two schemas, which have no version, and to Azure's newer surface. @see spec api.md section 2 */
function toSchema({ name, version, prefix }: VersionedAPISchema): SchemaConfig {
  if (name === 'OpenAI' || name === 'Anthropic') return { name, prefix: prefix || DEFAULT_PREFIX };
  const isNewSurface = name === 'AzureOpenAI' && V1_SURFACE.test(prefix ?? '');
  return { name, ...(version && { version }), ...(isNewSurface && prefix !== undefined && { prefix }) };
}
