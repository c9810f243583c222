/** What an operator may choose about translation. @see docs/configuration.md */
export interface TranslationOptions {
  /** `max_tokens` for providers that want one, when the client names none (translators.md G30). */
  readonly defaultMaxTokens: number;
  /** Streams ask for usage also when no cost needs it, for the metrics (G25). */
  readonly forcesStreamUsage: boolean;
  /** A chunk with usage that the client did not ask for is kept from it (G40). */
  readonly hidesUnaskedUsage: boolean;
  /** Errors of Anthropic's dialect get the documented types in place of the reference's (G49). */
  readonly usesDocumentedErrorTypes: boolean;
  /** Tools that only OpenAI runs are left out where others serve Responses, instead of refused (18.3.3). */
  readonly dropsHostedTools: boolean;
  /** Parts of model names → the model whose abilities such a model has, e.g. of an inference profile (G30). */
  readonly knownModels: ReadonlyMap<string, string>;
  /** Clients of translated streams hear something at least this often, once their provider has begun; 0: only what it says (G45). */
  readonly keepAliveIntervalMs: number;
}

export const DEFAULT_TRANSLATION_OPTIONS: TranslationOptions = {
  defaultMaxTokens: 4096,
  forcesStreamUsage: false,
  hidesUnaskedUsage: false,
  usesDocumentedErrorTypes: false,
  dropsHostedTools: false,
  knownModels: new Map(),
  keepAliveIntervalMs: 0,
};

/** The name by which the abilities of a model are looked up; the first part that its name contains counts. */
export function knownAs(model: string, { knownModels }: Pick<TranslationOptions, 'knownModels'>): string {
  for (const [part, known] of knownModels) if (model.includes(part)) return known;
  return model;
}
