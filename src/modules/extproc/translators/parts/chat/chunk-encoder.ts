import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { TranslatorEnv } from '../../translator.js';
import { Thoughts } from './thoughts.js';
import type { ChatEvent } from './chat-result.js';
import type { ChatEventEncoder } from './chat-stream.js';
import { COMPLETION_ID_PREFIX } from './encode-completion.js';
import { openAIErrorOf } from './openai-error.js';
import { openAIUsage } from './openai-usage.js';

const DONE = 'data: [DONE]\n\n';
const NO_REASON = '},"finish_reason":null}]}\n\n';

/**
 * Chat events as `chat.completion.chunk` events. All chunks carry the same id, time and model. The role goes with the first
 * content of a choice unless the provider announced it; calls go on without id, name and type (translators.md G38).
 * @see spec translators.md section 3, "JSON output conventions"
 */
export class ChunkEncoder implements ChatEventEncoder {
  readonly #env: TranslatorEnv;
  #id: string | undefined;
  #model: string;
  #serviceTier: string | undefined;
  /** `data: {"id":…,"model":…,"choices":` of every chunk, once the first one was written. */
  #head: string | undefined;
  /** Text of a chunk of the choice up to the inside of its delta. */
  readonly #openings = new Map<number, string>();
  readonly #withRole = new Set<number>();
  readonly #finished = new Set<number>();
  readonly #thoughts = new Thoughts();
  readonly #showsUsage: boolean;

  /**
   * @param model Shown unless the provider's start event names one
   * @param showsUsage False: the client did not ask for it, and the operator does not want it shown (translators.md G40)
   */
  constructor(env: TranslatorEnv, model: string, showsUsage = true) {
    this.#env = env;
    this.#model = model;
    this.#showsUsage = showsUsage;
  }

  /** Text for the client; '' when the event says nothing to it. */
  on(event: ChatEvent): string {
    switch (event.kind) {
      case 'start':
        // A keep-alive may have come first: all chunks stay alike.
        if (this.#head !== undefined) return '';
        this.#id = event.id;
        this.#model = event.model ?? this.#model;
        this.#serviceTier = event.serviceTier;
        return '';
      case 'role':
        return this.#withRole.has(event.choice) ? '' : this.#delta(event.choice, '"content":""');
      case 'text':
        return this.#delta(event.choice, `"content":${JSON.stringify(event.text)}`);
      case 'reasoning':
        this.#thoughts.add(event.choice, event.text);
        return this.#delta(event.choice, `"reasoning_content":${JSON.stringify(event.text)}`);
      case 'thinking-block': {
        const block = this.#thoughts.completed(event.choice, event.block);
        return this.#delta(event.choice, `"thinking_blocks":[${JSON.stringify(block)}]`);
      }
      case 'refusal':
        return this.#delta(event.choice, `"refusal":${JSON.stringify(event.text)}`);
      case 'tool-call':
        return this.#delta(
          event.choice,
          `"tool_calls":[{"index":${event.index},"id":${JSON.stringify(event.id)},"type":"function",` +
            `"function":{"name":${JSON.stringify(event.name)},"arguments":${JSON.stringify(event.arguments)}}}]`,
        );
      case 'tool-arguments':
        return this.#delta(
          event.choice,
          `"tool_calls":[{"index":${event.index},"function":{"arguments":${JSON.stringify(event.text)}}}]`,
        );
      case 'annotations':
        return this.#delta(event.choice, `"annotations":${JSON.stringify(event.annotations)}`);
      case 'images':
        return this.#delta(event.choice, `"images":${JSON.stringify(event.images)}`);
      case 'extras':
        return this.#delta(event.choice, membersOf(event.extras));
      case 'logprobs':
        return `${this.#opening(event.choice)}},"logprobs":${JSON.stringify(event.logprobs)},"finish_reason":null}]}\n\n`;
      case 'finish':
        this.#finished.add(event.choice);
        return `${this.#opening(event.choice)}},"finish_reason":"${event.reason}"}]}\n\n`;
      case 'usage':
        return this.#showsUsage ? this.#usage(event.usage, event.serviceTier) : '';
      case 'keep-alive':
        return this.#finished.size > 0 ? '' : this.#opening(0) + NO_REASON;
      case 'error':
        return `data: ${JSON.stringify({ error: openAIErrorOf(event.error) })}\n\n`;
      case 'done':
        return DONE;
    }
  }

  /** @param members Text of the delta's members */
  #delta(choice: number, members: string): string {
    if (this.#withRole.has(choice)) return this.#opening(choice) + members + NO_REASON;
    this.#withRole.add(choice);
    return `${this.#opening(choice)}"role":"assistant"${members === '' ? '' : ','}${members}${NO_REASON}`;
  }

  #opening(choice: number): string {
    let opening = this.#openings.get(choice);
    if (opening === undefined) {
      opening = `${this.#choicesHead()}[{"index":${choice},"delta":{`;
      this.#openings.set(choice, opening);
    }
    return opening;
  }

  #choicesHead(): string {
    this.#head ??= `data: {${membersOf({
      id: this.#id || this.#env.newId(COMPLETION_ID_PREFIX),
      object: 'chat.completion.chunk',
      created: this.#env.nowSeconds(),
      model: this.#model,
      ...(this.#serviceTier === undefined ? {} : { service_tier: this.#serviceTier }),
    })},"choices":`;
    return this.#head;
  }

  #usage(usage: TokenUsage, serviceTier: string | undefined): string {
    const tier =
      serviceTier === undefined || this.#serviceTier !== undefined
        ? ''
        : `,"service_tier":${JSON.stringify(serviceTier)}`;
    return `${this.#choicesHead()}[]${tier},"usage":${JSON.stringify(openAIUsage(usage))}}\n\n`;
  }
}

/** Text of the members of an object. */
const membersOf = (object: Readonly<Record<string, JsonValue>>) => JSON.stringify(object).slice(1, -1);
