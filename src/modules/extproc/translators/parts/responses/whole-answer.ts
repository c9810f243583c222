import type { JsonObject } from '../../../codec/json-value.js';
import type { TranslatorEnv } from '../../translator.js';
import type { ChatEvent, ChatResult } from '../chat/chat-result.js';
import { ResponseBuilder, type ResponseTerms } from './response-builder.js';

/** A whole answer as a response object. @see spec translators.md 18.3.4 */
export function wholeResponse(result: ChatResult, terms: ResponseTerms, env: TranslatorEnv): JsonObject {
  const created = result.created === undefined ? {} : { createdAt: result.created };
  const builder = new ResponseBuilder({ ...terms, ...created }, env, () => undefined);
  for (const event of eventsOf(result)) builder.on(event);
  return builder.response!;
}

/** What a stream would have said. Of several choices the first one is told. */
function* eventsOf({ model, serviceTier, choices, usage }: ChatResult): Generator<ChatEvent> {
  yield { kind: 'start', model, ...(serviceTier === undefined ? {} : { serviceTier }) };
  const said = choices.find(({ index }) => index === 0) ?? choices[0];
  if (said) {
    const choice = 0;
    if (said.reasoning) yield { kind: 'reasoning', choice, text: said.reasoning };
    for (const block of said.thinkingBlocks) {
      // The text of all blocks has been said: those without any have none.
      yield { kind: 'thinking-block', choice, block: block.type === 'thinking' ? { thinking: '', ...block } : block };
    }
    if (said.content) yield { kind: 'text', choice, text: said.content };
    if (said.annotations) yield { kind: 'annotations', choice, annotations: said.annotations };
    if (said.logprobs) yield { kind: 'logprobs', choice, logprobs: said.logprobs };
    if (said.refusal) yield { kind: 'refusal', choice, text: said.refusal };
    if (said.images) yield { kind: 'images', choice, images: said.images };
    for (const [index, call] of said.toolCalls.entries()) yield { kind: 'tool-call', choice, index, ...call };
    if (said.extras) yield { kind: 'extras', choice, extras: said.extras };
    yield { kind: 'finish', choice, reason: said.finishReason };
  }
  if (usage) yield { kind: 'usage', usage };
  yield { kind: 'done' };
}
