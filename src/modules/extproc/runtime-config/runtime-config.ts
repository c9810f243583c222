import type {
  ProviderResources,
  SchemaConfig,
  TranslationPolicy,
} from '../../../shared/filter-config/filter-config.js';
import type { BackendAuth } from '../backend-auth/backend-auth.js';
import type { RuntimeCosts } from '../cost/runtime-costs.js';
import type { ModelLists } from '../models/model-list.js';
import type { BodyMutationPlan } from '../mutation/body-mutation.js';
import type { HeaderMutationPlan } from '../mutation/header-mutation.js';
import type { ConfigFault } from './config-fault.js';

/** A filter configuration made ready for requests. Immutable: a reload makes another one. */
export interface RuntimeConfig {
  /** Build version of the writer. */
  readonly version: string;
  readonly uuid: string;
  /** By full identity `<ns>/<backend>/route/<route>/rule/<i>/ref/<j>`. */
  readonly backends: ReadonlyMap<string, RuntimeBackend>;
  readonly costs: RuntimeCosts;
  /** Some cost is configured, gateway-wide or for any route. */
  readonly hasCosts: boolean;
  readonly models: ModelLists;
  /** Lower-case names of the headers in which clients bring credentials, of all backends; they may have any name. */
  readonly credentialInputs: ReadonlySet<string>;
  /** What could not be used, for logs, metrics and the admin port. */
  readonly faults: readonly ConfigFault[];
}

export interface RuntimeBackend {
  readonly name: string;
  /** `<ns>/<backend>`. */
  readonly shortName: string;
  /** Namespace of its object; absent: that of the names. */
  readonly namespace?: string;
  /** Empty: none. */
  readonly modelNameOverride: string;
  readonly schema: SchemaConfig;
  /** Absent: requests are sent with the credentials that the client put in. */
  readonly auth?: BackendAuth;
  readonly headerMutation?: HeaderMutationPlan;
  readonly bodyMutation?: BodyMutationPlan;
  /** `strict`: a request with a field that the backend cannot express is refused. Absent: lenient. */
  readonly translationPolicy?: TranslationPolicy;
  /** `allow`: clients may ask for what the provider keeps. Absent: refuse. */
  readonly providerResources?: ProviderResources;
  /**
   * Why this backend must not be used, safe to show to clients: answer 503 with it. Its other members are then
   * incomplete.
   */
  readonly broken?: string;
}
