import { UserFacingError } from '../../../shared/errors.js';
import type { BackendConfig, FilterConfig, HeaderMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { compileBackendAuth } from '../backend-auth/compile-backend-auth.js';
import type { CredentialSources } from '../backend-auth/credential-sources.js';
import { compileCosts } from '../cost/runtime-costs.js';
import { compileModelLists } from '../models/model-list.js';
import { compileBodyMutation } from '../mutation/body-mutation.js';
import { compileHeaderMutation } from '../mutation/header-mutation.js';
import type { ConfigFault } from './config-fault.js';
import type { RuntimeBackend, RuntimeConfig } from './runtime-config.js';

/** Longest model name, in UTF-16 units. */
const MODEL_NAME_LENGTH_MAX = 1024;
/** Shown to clients in place of details that name the files of the gateway. */
const UNREADABLE = 'its entry in the filter configuration cannot be read';

/**
 * Compiles a filter configuration. What cannot be used does not take the rest along (X30): a backend stays, marked as
 * broken; a cost is left out; both are listed in `faults`. Of two backends with one name the later counts,
 * also when it cannot be read (extproc.md 3.1).
 *
 * @param credentials lives longer than one configuration
 */
export function compileRuntimeConfig(config: FilterConfig, credentials: CredentialSources): RuntimeConfig {
  const faults: ConfigFault[] = [];
  const backends = new Map<string, RuntimeBackend>();
  for (const fault of config.readFaults ?? []) {
    faults.push({ subject: fault.backend ?? fault.path, reason: fault.message });
  }
  for (const backendConfig of config.backends) {
    const backend = compileBackend(backendConfig, credentials);
    backends.set(backend.name, backend);
    if (backend.broken !== undefined) faults.push({ subject: backend.name, reason: backend.broken });
  }
  const lastIndexes = new Map(config.backends.map(({ name }, i) => [name, i] as const));
  for (const { backend, backendsBefore = 0 } of config.readFaults ?? []) {
    if (backend === undefined || (lastIndexes.get(backend) ?? -1) >= backendsBefore) continue;
    backends.set(backend, brokenBackend(backend, UNREADABLE));
  }
  const { costs, faults: costFaults } = compileCosts(config);
  return {
    version: config.version,
    uuid: config.uuid,
    backends,
    costs,
    hasCosts: !costs.isEmpty,
    models: compileModelLists(config),
    credentialInputs: new Set(config.backends.flatMap(credentialInputsOf)),
    faults: [...faults, ...costFaults],
  };
}

/** Also of a backend that cannot be used: its clients send them all the same. */
function credentialInputsOf({ auth }: BackendConfig): readonly string[] {
  const { headerName, inputHeadersToRemove = [] } = auth?.credentialOverride ?? {};
  return [...(headerName === undefined ? [] : [headerName]), ...inputHeadersToRemove].map((name) => name.toLowerCase());
}

function compileBackend(config: BackendConfig, credentials: CredentialSources): RuntimeBackend {
  const { name, namespace, modelNameOverride, schema, httpBodyMutation, translationPolicy, providerResources } = config;
  const plain = { name, shortName: shortNameOf(name), ...(namespace && { namespace }), modelNameOverride, schema };
  try {
    requireModelName(modelNameOverride);
    const auth = config.auth && compileBackendAuth(config.auth, credentials);
    const headerMutation = withInputHeadersRemoved(config.httpHeaderMutation, auth?.inputHeaders ?? []);
    return {
      ...plain,
      ...(auth && { auth }),
      ...(headerMutation && { headerMutation: compileHeaderMutation(headerMutation) }),
      ...(httpBodyMutation && { bodyMutation: compileBodyMutation(httpBodyMutation) }),
      ...(translationPolicy && { translationPolicy }),
      ...(providerResources && { providerResources }),
    };
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return { ...plain, broken: error.message };
  }
}

/** The name goes into bodies, paths, headers and labels. @throws UserFacingError when it cannot */
function requireModelName(name: string): void {
  if (name.length > MODEL_NAME_LENGTH_MAX) {
    throw new UserFacingError(
      `modelNameOverride has ${name.length} characters; expected at most ${MODEL_NAME_LENGTH_MAX}`,
    );
  }
  if (/\p{Cc}/u.test(name)) {
    throw new UserFacingError('modelNameOverride has a control character, such as a line break; remove it');
  }
  if (!name.isWellFormed()) {
    throw new UserFacingError('modelNameOverride has half of a surrogate pair; expected well-formed Unicode');
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
  inputHeaders: readonly string[],
): HeaderMutationConfig | undefined {
  if (inputHeaders.length === 0) return mutation;
  return { ...mutation, remove: [...new Set([...(mutation?.remove ?? []), ...inputHeaders])] };
}
