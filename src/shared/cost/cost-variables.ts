import { CelScalar, celUint, type CelUint } from '@bufbuild/cel';
import type { TokenUsage } from '../token-usage.js';

/** What a cost expression may look at: one attempt at one backend, after its usage is known. */
export interface CostFacts {
  /** The model asked of the provider: the backend's override, else the client's model. */
  readonly model: string;
  /** Full identity `<ns>/<backend>/route/<route>/rule/<i>/ref/<j>`. */
  readonly backend: string;
  /** `<ns>/<backend>`. */
  readonly backendName: string;
  /** `<ns>/<name>` of the AIGatewayRoute, or empty. */
  readonly routeName: string;
  /** Schema of the backend, e.g. `AWSBedrock`. */
  readonly schema: string;
  /** The model that the provider reported, or empty. */
  readonly responseModel: string;
  readonly usage: TokenUsage;
}

/** Names and types of the CEL environment. The first nine are fixed by the reference (extproc.md 16.2), the rest is X8 and G26. */
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
  schema: CelScalar.STRING,
  response_model: CelScalar.STRING,
  search_units: CelScalar.UINT,
} as const;

/** Facts under their CEL names. Values are made when the expression reads them: most expressions read two. */
export class CostBindings {
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
    return this.facts.backendName;
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
}

/** A counter as the whole number that it should be: providers have sent fractions and negative numbers. */
export function tokenCount(count: number | undefined): bigint {
  return count !== undefined && count > 0 && Number.isFinite(count) ? BigInt(Math.trunc(count)) : 0n;
}
