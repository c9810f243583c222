import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  kindOf,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import type { ThinkingBlock } from '../chat/chat-request.js';
import type { ChatResult, ResultToolCall } from '../chat/chat-result.js';
import { annotationsOf, characterCount } from './citations.js';
import { finishReasonOf } from './stop-reason.js';
import { readAnthropicUsage, toTokenUsage } from './usage.js';

/** What the request half knows about the answer. */
export interface AnswerContext {
  readonly env: TranslatorEnv;
  /** Shown when the provider names no model. */
  readonly requestModel: string;
  /** Name of the tool whose input is the answer. */
  readonly answerTool: string | undefined;
}

/** Prefix of ids that the gateway makes for calls without one. */
export const TOOL_USE_ID_PREFIX = 'toolu_';

/** A whole message as the result of a chat. @throws {UpstreamAnswerError} @see spec translators.md 5.4 and 18.1.5 */
export function toChatResult(body: Uint8Array, context: AnswerContext): ChatResult {
  const message = readMessage(body);
  const answer = new Answer(context);
  for (const block of arrayOf(message['content'])) answer.add(objectOf(block));
  const usage = toTokenUsage(readAnthropicUsage(message['usage']));
  const stopReason = stringOf(message['stop_reason']);
  const refusal = stopReason === 'refusal' ? stringOf(objectOf(message['stop_details'])['explanation']) : undefined;
  const isAnsweredByTool = answer.isAnsweredByTool && answer.toolCalls.length === 0 && stopReason === 'tool_use';
  return {
    id: stringOf(message['id']),
    model: stringOf(message['model']) || context.requestModel,
    choices: [
      {
        index: 0,
        content: answer.content,
        ...(refusal ? { refusal } : {}),
        ...(answer.reasoning === '' ? {} : { reasoning: answer.reasoning }),
        thinkingBlocks: answer.thinkingBlocks,
        toolCalls: answer.toolCalls,
        ...(answer.annotations.length === 0 ? {} : { annotations: answer.annotations }),
        finishReason: isAnsweredByTool ? 'stop' : finishReasonOf(stopReason),
      },
    ],
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  };
}

function readMessage(body: Uint8Array): JsonObject {
  const message = parseJsonLeniently(body);
  if (!isJsonObject(message)) {
    throw new UpstreamAnswerError(`expected a message of Anthropic's API, found ${kindOf(message)}`);
  }
  const { role = 'assistant', content } = message;
  if (role !== 'assistant' && role !== 'user') {
    throw new UpstreamAnswerError(`"role" of Anthropic's message must be "assistant", found ${kindOf(role)}`);
  }
  if (isJsonArray(content)) return message;
  throw new UpstreamAnswerError(`"content" of Anthropic's message must be an array, found ${kindOf(content)}`);
}

/** Collects the blocks of a message; types that it does not know, e.g. those of server tools, are passed over. */
class Answer {
  content: string | undefined;
  reasoning = '';
  isAnsweredByTool = false;
  readonly thinkingBlocks: ThinkingBlock[] = [];
  readonly toolCalls: ResultToolCall[] = [];
  readonly annotations: JsonValue[] = [];
  /** Of the content. */
  #characters = 0;

  constructor(private readonly context: AnswerContext) {}

  add(block: JsonObject): void {
    switch (block['type']) {
      case 'text':
        this.#addText(stringOf(block['text']) ?? '', arrayOf(block['citations']));
        break;
      case 'thinking':
        this.#addThinking(stringOf(block['thinking']) ?? '', stringOf(block['signature']) ?? '');
        break;
      case 'redacted_thinking': {
        const data = stringOf(block['data']);
        if (data) this.thinkingBlocks.push({ type: 'redacted_thinking', data });
        break;
      }
      case 'tool_use':
        this.#addToolUse(block);
        break;
      default:
    }
  }

  #addText(text: string, citations: readonly JsonValue[]): void {
    if (text === '') return;
    const start = this.#characters;
    this.#characters += characterCount(text);
    this.content = (this.content ?? '') + text;
    for (const annotation of annotationsOf(citations, { start, end: this.#characters })) {
      this.annotations.push(annotation);
    }
  }

  #addThinking(thinking: string, signature: string): void {
    this.reasoning += thinking;
    if (thinking !== '' || signature !== '') this.thinkingBlocks.push({ type: 'thinking', thinking, signature });
  }

  #addToolUse(block: JsonObject): void {
    const name = stringOf(block['name']) ?? '';
    const input = block['input'] ?? {};
    if (!isJsonObject(input)) {
      throw new UpstreamAnswerError(`"input" of Anthropic's tool_use must be an object, found ${kindOf(input)}`);
    }
    // The text of the numbers is kept (translators.md G36).
    const text = JSON.stringify(input);
    if (name === this.context.answerTool) {
      this.isAnsweredByTool = true;
      this.#addText(text, []);
      return;
    }
    const id = stringOf(block['id']) || this.context.env.newId(TOOL_USE_ID_PREFIX);
    this.toolCalls.push({ id, name, arguments: text });
  }
}
