import { arrayOf, numberOf, objectOf, stringOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';

/** `logprobsResult` as OpenAI's `logprobs`; undefined when it has none. @see spec translators.md 5.8, "Response" */
export function toLogprobs(result: JsonObject): JsonValue | undefined {
  const top = arrayOf(result['topCandidates']);
  const content = arrayOf(result['chosenCandidates']).map((chosen, index) => ({
    ...toTokenLogprob(chosen),
    top_logprobs: arrayOf(objectOf(top[index])['candidates']).map(toTokenLogprob),
  }));
  return content.length === 0 ? undefined : { content };
}

function toTokenLogprob(value: JsonValue) {
  const candidate = objectOf(value);
  return { token: stringOf(candidate['token']) ?? '', logprob: numberOf(candidate['logProbability']) ?? 0 };
}
