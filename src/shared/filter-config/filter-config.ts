import type { CostArithmetic } from '../cost/cost-arithmetic.js';
import type { Redacted } from '../secret.js';

/**
 * The contract between the control plane, which writes it, and the data plane, which reads it.
 * Member names are the keys of the YAML document. @see spec extproc.md section 2, controller.md section 10.2
 */
export interface FilterConfig {
  /** Build version of the writer. */
  readonly version: string;
  /** Hash of the content: the same world gives the same id (design decision 8). */
  readonly uuid: string;
  readonly globalLLMRequestCosts: readonly CostConfig[];
  readonly llmRequestCosts: readonly RouteCostConfig[];
  readonly backends: readonly BackendConfig[];
  readonly models: readonly ModelConfig[];
  /** Host → models, unscoped models included. Absent when no route is host-scoped. */
  readonly modelsByHost?: Readonly<Record<string, readonly ModelConfig[]>>;
  readonly unscopedModels?: readonly ModelConfig[];
  /** Set by the reader only, never written: entries that it left out because it could not understand them. */
  readonly readFaults?: readonly ReadFault[];
}

/** One entry of the document that cannot be used; everything else is (extproc.md X30). */
export interface ReadFault {
  /** Where in the document, e.g. `backends[2].schema.name`. */
  readonly path: string;
  /** Names file, line, path, what was found and what is expected; never a secret. */
  readonly message: string;
  /** Identity of the backend that the entry describes, if it is one and could be read. */
  readonly backend?: string;
  /** Given with `backend`: how many of the entries that are left in `backends` stand before it in the document. */
  readonly backendsBefore?: number;
}

export const COST_TYPES = [
  'InputToken',
  'CachedInputToken',
  'CacheCreationInputToken',
  'OutputToken',
  'TotalToken',
  'ReasoningToken',
  'CEL',
] as const;
export type CostType = (typeof COST_TYPES)[number];

export interface CostConfig {
  readonly metadataKey: string;
  readonly type: CostType;
  /** Present exactly when `type` is `CEL`. */
  readonly cel?: string;
  /** How `cel` computes with numbers of several types. Absent: strict. */
  readonly arithmetic?: CostArithmetic;
}

export interface RouteCostConfig extends CostConfig {
  /** `<namespace>/<name>` of the AIGatewayRoute. */
  readonly routeName: string;
  /** `<namespace>/<name>`; written for quota policies only. */
  readonly backend?: string;
  readonly model?: string;
}

export const SCHEMA_NAMES = [
  'OpenAI',
  'Cohere',
  'AWSBedrock',
  'AzureOpenAI',
  'GCPVertexAI',
  'GCPAnthropic',
  'Anthropic',
  'AWSAnthropic',
] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** The wire format that a backend speaks. */
export interface SchemaConfig {
  readonly name: SchemaName;
  readonly version?: string;
  readonly prefix?: string;
}

/** What becomes of a request with a field that the provider cannot express: it is told in a receipt, or refused. */
export const TRANSLATION_POLICIES = ['lenient', 'strict'] as const;
export type TranslationPolicy = (typeof TRANSLATION_POLICIES)[number];

/** Whether requests for what providers keep (files, batches, stored responses …) are served. */
export const PROVIDER_RESOURCES = ['refuse', 'allow'] as const;
export type ProviderResources = (typeof PROVIDER_RESOURCES)[number];

/** On an AIGatewayRoute; its values are {@link PROVIDER_RESOURCES}. */
export const PROVIDER_RESOURCES_ANNOTATION = 'aigateway.envoyproxy.io/provider-resources';

export interface BackendConfig {
  /** `<ns>/<backend>/route/<route>/rule/<i>/ref/<j>`, equal to the xDS metadata value. */
  readonly name: string;
  /** Of the AIServiceBackend or InferencePool; absent: the first part of `name`, which is the namespace of the route. */
  readonly namespace?: string;
  /** Empty: none. */
  readonly modelNameOverride: string;
  readonly schema: SchemaConfig;
  readonly auth?: AuthConfig;
  readonly httpHeaderMutation?: HeaderMutationConfig;
  readonly httpBodyMutation?: BodyMutationConfig;
  /** Absent: lenient. */
  readonly translationPolicy?: TranslationPolicy;
  /** Absent: refuse. */
  readonly providerResources?: ProviderResources;
}

/** At most one kind, plus `credentialOverride`. */
export interface AuthConfig {
  readonly apiKey?: { readonly key: Redacted<string> };
  readonly azureAPIKey?: { readonly key: Redacted<string> };
  readonly anthropicAPIKey?: { readonly key: Redacted<string> };
  readonly aws?: { readonly credentialFileLiteral?: Redacted<string>; readonly region: string };
  readonly azure?: { readonly accessToken: Redacted<string> };
  readonly gcp?: { readonly accessToken: Redacted<string>; readonly region: string; readonly projectName: string };
  readonly credentialOverride?: CredentialOverrideConfig;
}

export interface CredentialOverrideConfig {
  /** Lower case; a prefix for AWS. */
  readonly headerName?: string;
  readonly dynamicMetadataNamespace?: string;
  readonly dynamicMetadataKey?: string;
  readonly fallbackToConfigured: boolean;
  readonly inputHeadersToRemove?: readonly string[];
}

export interface HeaderMutationConfig {
  /** Names lower case. */
  readonly set?: readonly { readonly name: string; readonly value: Redacted<string> }[];
  readonly remove?: readonly string[];
}

export interface BodyMutationConfig {
  /** `value` is text that holds JSON. */
  readonly set?: readonly { readonly path: string; readonly value: string }[];
  readonly remove?: readonly string[];
}

export interface ModelConfig {
  readonly Name: string;
  readonly OwnedBy: string;
  /** RFC 3339, UTC. */
  readonly CreatedAt: string;
  /**
   * Only requests that meet one of these could reach the model, and only they see it in lists: each names headers, in lower case,
   * with the values that they must have. Absent: everybody sees it, as readers do that do not know this member.
   */
  readonly Scopes?: readonly HeaderScope[];
}

/** Name in lower case → value; all must be met. */
export type HeaderScope = Readonly<Record<string, string>>;
