import { UserFacingError } from '../../../shared/errors.js';
import type {
  BackendConfig,
  CredentialOverrideConfig,
  FilterConfig,
  HeaderMutationConfig,
} from '../../../shared/filter-config/filter-config.js';
import { compileBackendAuth } from '../backend-auth/compile-backend-auth.js';
import { compileCosts } from '../cost/runtime-costs.js';
import { compileModelLists } from '../models/model-list.js';
import { compileBodyMutation } from '../mutation/body-mutation.js';
import { compileHeaderMutation } from '../mutation/header-mutation.js';
import type { ConfigFault } from './config-fault.js';
import type { RuntimeBackend, RuntimeConfig } from './runtime-config.js';

/** Shown to clients in place of details that name the files of the gateway. */
const UNREADABLE = 'its entry in the filter configuration cannot be read';

/**
 * Compiles a filter configuration. What cannot be used does not take the rest along (X30): a backend stays, marked as
 * broken; a cost is left out; both are listed in `faults`. Of two backends with one name the later counts.
 */
export function compileRuntimeConfig(config: FilterConfig): RuntimeConfig {
  const faults: ConfigFault[] = [];
  const backends = new Map<string, RuntimeBackend>();
  for (const fault of config.readFaults ?? []) {
    faults.push({ subject: fault.backend ?? fault.path, reason: fault.message });
    if (fault.backend !== undefined) backends.set(fault.backend, brokenBackend(fault.backend, UNREADABLE));
  }
  for (const backendConfig of config.backends) {
    const backend = compileBackend(backendConfig);
    backends.set(backend.name, backend);
    if (backend.broken !== undefined) faults.push({ subject: backend.name, reason: backend.broken });
  }
  const { costs, faults: costFaults } = compileCosts(config);
  return {
    version: config.version,
    uuid: config.uuid,
    backends,
    costs,
    hasCosts: !costs.isEmpty,
    models: compileModelLists(config),
    faults: [...faults, ...costFaults],
  };
}

function compileBackend(config: BackendConfig): RuntimeBackend {
  const { name, modelNameOverride, schema, auth, httpBodyMutation } = config;
  const plain = { name, shortName: shortNameOf(name), modelNameOverride, schema };
  const headerMutation = withInputHeadersRemoved(config.httpHeaderMutation, auth?.credentialOverride);
  try {
    return {
      ...plain,
      ...(auth && { auth: compileBackendAuth(auth) }),
      ...(headerMutation && { headerMutation: compileHeaderMutation(headerMutation) }),
      ...(httpBodyMutation && { bodyMutation: compileBodyMutation(httpBodyMutation) }),
    };
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return { ...plain, broken: error.message };
  }
}

function brokenBackend(name: string, broken: string): RuntimeBackend {
  // The schema is never looked at: a broken backend is refused before a translator is chosen.
  return { name, shortName: shortNameOf(name), modelNameOverride: '', schema: { name: 'OpenAI' }, broken };
}

/** `<ns>/<backend>` of `<ns>/<backend>/route/…`. */
const shortNameOf = (name: string) => name.split('/', 2).join('/');

/**
 * The controller adds the headers that bring credentials to the remove list (extproc.md section 2). It is made sure of
 * here as well: a list that lacks one would hand the client's secret to the provider.
 */
function withInputHeadersRemoved(
  mutation: HeaderMutationConfig | undefined,
  override: CredentialOverrideConfig | undefined,
): HeaderMutationConfig | undefined {
  const inputs = [...(override?.inputHeadersToRemove ?? []), ...(override?.headerName ? [override.headerName] : [])];
  if (inputs.length === 0) return mutation;
  const remove = new Set([...(mutation?.remove ?? []), ...inputs.map((name) => name.toLowerCase())]);
  return { ...mutation, remove: [...remove] };
}
