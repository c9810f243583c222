import type { Attributes } from '@opentelemetry/api';

/** What all GenAI instruments of one attempt share. @see spec observability.md section 3.2 */
export interface GenAiLabels {
  readonly operation: string;
  readonly provider: string;
  /** Model in the client's body. */
  readonly originalModel: string;
  /** After the backend's override. */
  readonly requestModel: string;
  /** `unknown` until the provider named one. */
  readonly responseModel: string;
  /** Attribute → value, see `mappedLabels`. */
  readonly headers: Readonly<Record<string, string>>;
}

export const TOKEN_TYPES = ['input', 'cached_input', 'cache_creation_input', 'output', 'reasoning'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

/** Ready-made attributes of one label set; the same objects serve all its records. */
export interface LabelSet {
  readonly plain: Attributes;
  readonly byTokenType: Readonly<Record<TokenType, Attributes>>;
  readonly byErrorType: Map<string, Attributes>;
}

/** Longest label value, in UTF-16 units: models and headers come from clients. */
const VALUE_LENGTH_MAX = 256;
/** Error types are our own words and status codes; more than this is a mistake, and the rest counts as `_OTHER`. */
const ERROR_TYPES_MAX = 64;

/**
 * All label sets seen, at most `setsMax`; later ones share one set that has only `otel.metric.overflow`. Clients choose the
 * model name, so the bound is what keeps memory and the metrics page finite. One set makes at most 5 token series,
 * 1 + {@link ERROR_TYPES_MAX} duration series and 2 latency series.
 */
export class LabelSets {
  readonly #sets = new Map<string, LabelSet>();
  readonly #overflow = labelSet({ 'otel.metric.overflow': true });
  readonly #setsMax: number;

  constructor(setsMax: number) {
    this.#setsMax = setsMax;
  }

  of(labels: GenAiLabels): LabelSet {
    const key = keyOf(labels);
    const known = this.#sets.get(key);
    if (known) return known;
    if (this.#sets.size >= this.#setsMax) return this.#overflow;
    const added = labelSet(attributesOf(labels));
    this.#sets.set(key, added);
    return added;
  }
}

/** Attributes of a failed request. */
export function withErrorType(set: LabelSet, errorType: string): Attributes {
  const known = set.byErrorType.get(errorType);
  if (known) return known;
  if (set.byErrorType.size >= ERROR_TYPES_MAX) return withErrorType(set, OTHER_ERROR);
  const added = { ...set.plain, 'error.type': errorType };
  set.byErrorType.set(errorType, added);
  return added;
}

const OTHER_ERROR = '_OTHER';

function labelSet(plain: Attributes): LabelSet {
  const typed = TOKEN_TYPES.map((type) => [type, { ...plain, 'gen_ai.token.type': type }]);
  return {
    plain,
    byTokenType: Object.fromEntries(typed) as Record<TokenType, Attributes>,
    // The word for everything else always has its place.
    byErrorType: new Map([[OTHER_ERROR, { ...plain, 'error.type': OTHER_ERROR }]]),
  };
}

/** Own attributes win over mapped headers of the same name. */
function attributesOf(labels: GenAiLabels): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(labels.headers)) attributes[name] = bounded(value);
  attributes['gen_ai.operation.name'] = labels.operation;
  attributes['gen_ai.provider.name'] = labels.provider;
  attributes['gen_ai.original.model'] = bounded(labels.originalModel);
  attributes['gen_ai.request.model'] = bounded(labels.requestModel);
  attributes['gen_ai.response.model'] = bounded(labels.responseModel);
  return attributes;
}

/** Lone surrogates all print as U+FFFD: kept apart, they would be several series of one name. */
const bounded = (value: string): string => value.slice(0, VALUE_LENGTH_MAX).toWellFormed();

/** Values are preceded by their lengths, so that no value can pretend to be two. */
function keyOf({ operation, provider, originalModel, requestModel, responseModel, headers }: GenAiLabels): string {
  let key = `${operation} ${part(provider)}${part(originalModel)}${part(requestModel)}${part(responseModel)}`;
  for (const name in headers) key += part(name) + part(headers[name]!);
  return key;
}

const part = (value: string): string => {
  const shown = bounded(value);
  return `${shown.length}:${shown}`;
};
