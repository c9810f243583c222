import { readJson, readString, type MemberRanges } from '../../../codec/json-scan.js';
import { scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';
import { readAnthropicUsage, toTokenUsage } from './usage.js';

/** Reads usage and model of one whole message. */
export class AnthropicWholeObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  #facts: ResponseFacts = {};

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    const bytes = this.#body.take();
    const members = scanLeniently(bytes, ['model', 'usage']);
    if (members) this.#facts = factsOf(bytes, members);
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}

function factsOf(bytes: Uint8Array, members: MemberRanges): ResponseFacts {
  const usageRange = members.get('usage')?.at(-1);
  const modelRange = members.get('model')?.at(-1);
  const usage = usageRange ? toTokenUsage(readAnthropicUsage(readJson(bytes, usageRange))) : {};
  const model = modelRange ? readString(bytes, modelRange) : undefined;
  return { usage, ...(model ? { model } : {}) };
}
