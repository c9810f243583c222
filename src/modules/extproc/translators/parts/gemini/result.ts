import { arrayOf, objectOf, type JsonValue } from '../../../codec/json-value.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import type { ThinkingBlock } from '../chat/chat-request.js';
import type { ChatChoice, ChatEvent, ChatResult, FinishReason, ResultToolCall } from '../chat/chat-result.js';
import { parseAnswer } from './answer.js';
import { ChatAnswer } from './chat-answer.js';
import type { TextTrimming } from './text-trimmer.js';
import { NO_USAGE } from './usage.js';

/**
 * A whole answer: what its stream of one object would say, put together.
 * @param requestModel Shown when the provider names none
 * @throws {UpstreamAnswerError} for what is no answer, and for one without candidates that tells no reason
 */
export function toChatResult(
  body: Uint8Array,
  requestModel: string,
  trimming: TextTrimming,
  env: TranslatorEnv,
): ChatResult {
  const choices = new Map<number, ChoiceBuilder>();
  const reader = new ChatAnswer(trimming, env, (event) => addEvent(choices, event));
  const answer = parseAnswer(body);
  reader.add(answer);
  if (!reader.isBegun) throw new UpstreamAnswerError('expected candidates, or the reason why there are none');
  reader.close();
  return {
    id: answer.id,
    ...(answer.created === undefined ? {} : { created: answer.created }),
    model: answer.model ?? requestModel,
    choices: [...choices.values()].map((choice) => choice.build()).toSorted((one, other) => one.index - other.index),
    usage: reader.usage ?? NO_USAGE,
  };
}

function addEvent(choices: Map<number, ChoiceBuilder>, event: ChatEvent): void {
  if (!('choice' in event)) return;
  const choice = choices.get(event.choice) ?? new ChoiceBuilder(event.choice);
  choices.set(event.choice, choice);
  choice.add(event);
}

/** Puts the events of one choice together. */
class ChoiceBuilder {
  readonly #index: number;
  #content: string | undefined;
  #refusal: string | undefined;
  #reasoning: string | undefined;
  readonly #blocks: ThinkingBlock[] = [];
  readonly #calls: ResultToolCall[] = [];
  readonly #annotations: JsonValue[] = [];
  readonly #images: JsonValue[] = [];
  readonly #logprobs: JsonValue[] = [];
  #extras: Readonly<Record<string, JsonValue>> = {};
  #finishReason: FinishReason = 'stop';

  constructor(index: number) {
    this.#index = index;
  }

  add(event: Extract<ChatEvent, { readonly choice: number }>): void {
    switch (event.kind) {
      case 'text':
        this.#content = (this.#content ?? '') + event.text;
        break;
      case 'refusal':
        this.#refusal = (this.#refusal ?? '') + event.text;
        break;
      case 'reasoning':
        this.#reasoning = (this.#reasoning ?? '') + event.text;
        break;
      case 'thinking-block':
        this.#blocks.push(event.block);
        break;
      case 'tool-call':
        this.#calls.push({ id: event.id, name: event.name, arguments: event.arguments });
        break;
      case 'annotations':
        for (const annotation of event.annotations) this.#annotations.push(annotation);
        break;
      case 'images':
        for (const image of event.images) this.#images.push(image);
        break;
      case 'logprobs':
        for (const token of arrayOf(objectOf(event.logprobs)['content'])) this.#logprobs.push(token);
        break;
      case 'extras':
        this.#extras = { ...this.#extras, ...event.extras };
        break;
      case 'finish':
        this.#finishReason = event.reason;
        break;
      // Gemini's calls come in one piece, and a role says nothing here.
      case 'tool-arguments':
      case 'role':
        break;
    }
  }

  build(): ChatChoice {
    return {
      index: this.#index,
      content: this.#content,
      ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }),
      ...(this.#reasoning === undefined ? {} : { reasoning: this.#reasoning }),
      thinkingBlocks: this.#blocks,
      toolCalls: this.#calls,
      ...(this.#annotations.length === 0 ? {} : { annotations: this.#annotations }),
      ...(this.#images.length === 0 ? {} : { images: this.#images }),
      ...(this.#logprobs.length === 0 ? {} : { logprobs: { content: this.#logprobs } }),
      ...(Object.keys(this.#extras).length === 0 ? {} : { extras: this.#extras }),
      finishReason: this.#finishReason,
    };
  }
}
