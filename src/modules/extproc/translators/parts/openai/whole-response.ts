import { readOpenAIResponse, scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';

/** Reads usage and model of one JSON answer. Bytes that are not one JSON object give no facts (translators.md G11). */
export class WholeResponseObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  readonly #isUsageExpected: boolean;
  #facts: ResponseFacts = {};

  /** @param isUsageExpected An object without usage reports zero tokens in and out instead of nothing. */
  constructor(isUsageExpected: boolean) {
    this.#isUsageExpected = isUsageExpected;
  }

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    const bytes = this.#body.take();
    const facts = readOpenAIResponse(bytes);
    const isMetered = this.#isUsageExpected && (facts.usage ?? scanLeniently(bytes, [])) !== undefined;
    this.#facts = isMetered ? { ...facts, usage: withZeros(facts.usage) } : facts;
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}

/** @see spec translators.md section 4, "A 2xx reply without usage" */
const withZeros = (usage: TokenUsage = {}): TokenUsage => ({
  ...usage,
  inputTokens: usage.inputTokens ?? 0,
  outputTokens: usage.outputTokens ?? 0,
});
