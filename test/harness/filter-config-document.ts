import { identityOf, type BackendPlan, type GatewayPlan } from './gateway-plan.js';
import { plant } from './recording.js';

/** The filter configuration of a plan as YAML (JSON is YAML). `uuid` shows up in the log when it is active. */
export function filterConfigText(plan: GatewayPlan, uuid: string): string {
  const backends = plan.routes.flatMap((route) =>
    route.rules.flatMap((rule, ruleIndex) =>
      rule.backends.flatMap((backend, refIndex) =>
        backend.isInFilterConfig === false ? [] : [entryOf(backend, identityOf(route, ruleIndex, refIndex))],
      ),
    ),
  );
  const models = plan.models ?? modelsOf(plan);
  const document = {
    version: '',
    uuid,
    globalLLMRequestCosts: plan.costs,
    llmRequestCosts: plan.routeCosts,
    backends,
    models,
    modelsByHost: plan.modelsByHost,
    unscopedModels: plan.unscopedModels,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function entryOf(backend: BackendPlan, name: string): object {
  const {
    namespace,
    modelNameOverride = '',
    schema,
    auth,
    httpHeaderMutation,
    httpBodyMutation,
    translationPolicy,
    providerResources,
  } = backend;
  plantCredentials(backend.name, auth ?? {});
  return {
    name,
    namespace,
    modelNameOverride,
    schema: schema ?? { name: 'OpenAI', prefix: 'v1' },
    auth,
    httpHeaderMutation,
    httpBodyMutation,
    translationPolicy,
    providerResources,
  };
}

/** Members of `auth`, at any depth, that hold a credential. */
const CREDENTIALS: ReadonlySet<string> = new Set(['key', 'accessToken', 'credentialFileLiteral']);

function plantCredentials(backend: string, members: object): void {
  for (const [name, value] of Object.entries(members)) {
    if (typeof value === 'object' && value !== null) plantCredentials(backend, value);
    // Empty ones are there to be refused.
    else if (CREDENTIALS.has(name) && String(value).trim() !== '')
      plant(`${name} of backend ${backend}`, String(value));
  }
}

const modelsOf = (plan: GatewayPlan) =>
  plan.routes.flatMap((route) =>
    route.rules.flatMap(({ model }) =>
      model === undefined ? [] : [{ Name: model, OwnedBy: 'tests', CreatedAt: '2026-01-02T03:04:05Z' }],
    ),
  );
