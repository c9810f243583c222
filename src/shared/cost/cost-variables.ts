import { CelScalar, celUint, mapType, type CelUint } from '@bufbuild/cel';
import { headers } from '../headers.js';
import type { TokenUsage } from '../token-usage.js';

/** What a cost expression may look at: one attempt at one backend, after its usage is known. */
export interface CostFacts {
  /** The model asked of the provider: the backend's override, else the client's model. */
  readonly model: string;
  /** Full identity `<ns>/<backend>/route/<route>/rule/<i>/ref/<j>`. */
  readonly backend: string;
  /** `<ns>/<backend>`, the beginning of the identity; a name of a config file that has no slash is whole. */
  readonly backendShortName: string;
  /** Namespace of the backend where it is another one than that in its names. */
  readonly backendNamespace: string | undefined;
  /** `<ns>/<name>` of the AIGatewayRoute, or empty. */
  readonly routeName: string;
  /** Schema of the backend, e.g. `AWSBedrock`. */
  readonly schema: string;
  /** The model that the provider reported, or empty. */
  readonly responseModel: string;
  readonly usage: TokenUsage;
  /** What the client sent. Text is made of it only for an expression that reads it. */
  readonly requestHeaders: {
    /** Name in lower case → value; several values are joined. */
    toMap(): ReadonlyMap<string, string>;
  };
}

/** Names and types of the CEL environment. The first nine are fixed by the reference (extproc.md 16.2), the rest is X8, api.md 13 and G26. */
export const COST_VARIABLES = {
  model: CelScalar.STRING,
  backend: CelScalar.STRING,
  route_name: CelScalar.STRING,
  input_tokens: CelScalar.UINT,
  cached_input_tokens: CelScalar.UINT,
  cache_creation_input_tokens: CelScalar.UINT,
  output_tokens: CelScalar.UINT,
  total_tokens: CelScalar.UINT,
  reasoning_tokens: CelScalar.UINT,
  backend_name: CelScalar.STRING,
  backend_namespace: CelScalar.STRING,
  schema: CelScalar.STRING,
  response_model: CelScalar.STRING,
  search_units: CelScalar.UINT,
  request_headers: mapType(CelScalar.STRING, CelScalar.STRING),
} as const;

/** Facts under their CEL names. Values are made when the expression reads them: most expressions read two. */
export class CostBindings {
  #requestHeaders: ReadonlyMap<string, string> | undefined;

  constructor(private readonly facts: CostFacts) {}

  get model(): string {
    return this.facts.model;
  }
  get backend(): string {
    return this.facts.backend;
  }
  get route_name(): string {
    return this.facts.routeName;
  }
  get input_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.inputTokens));
  }
  get cached_input_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.cachedInputTokens));
  }
  get cache_creation_input_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.cacheCreationInputTokens));
  }
  get output_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.outputTokens));
  }
  get total_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.totalTokens));
  }
  get reasoning_tokens(): CelUint {
    return celUint(tokenCount(this.facts.usage.reasoningTokens));
  }
  get backend_name(): string {
    const { backendShortName } = this.facts;
    return backendShortName.slice(backendShortName.indexOf('/') + 1);
  }
  get backend_namespace(): string {
    const { backendShortName, backendNamespace } = this.facts;
    return backendNamespace ?? backendShortName.slice(0, Math.max(0, backendShortName.indexOf('/')));
  }
  get schema(): string {
    return this.facts.schema;
  }
  get response_model(): string {
    return this.facts.responseModel;
  }
  /** Rerank is billed by searches (translators.md G26). */
  get search_units(): CelUint {
    return celUint(tokenCount(this.facts.usage.searchUnits));
  }
  get request_headers(): ReadonlyMap<string, string> {
    return (this.#requestHeaders ??= withoutOwnNames(this.facts.requestHeaders.toMap()));
  }

  /** Whether the text of an error may tell what a header holds. */
  get hasReadHeaders(): boolean {
    return this.#requestHeaders !== undefined;
  }
}

/** Nothing that a client sends under one of our names is believed: it was taken away before anybody routed by it. */
function withoutOwnNames(all: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const isForged = (name: string) => name.startsWith(headers.ownPrefix) || name === headers.destinationEndpoint;
  if (![...all.keys()].some(isForged)) return all;
  return new Map([...all].filter(([name]) => !isForged(name)));
}

/** A counter as the whole number that it should be: providers have sent fractions and negative numbers. */
export function tokenCount(count: number | undefined): bigint {
  return count !== undefined && count > 0 && Number.isFinite(count) ? BigInt(Math.trunc(count)) : 0n;
}
