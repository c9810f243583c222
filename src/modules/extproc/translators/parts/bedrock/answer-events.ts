import type { TokenUsage } from '../../../../../shared/token-usage.js';
import {
  arrayOf,
  isJsonObject,
  numberOf,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';
import type { ProviderError } from '../chat/chat-result.js';
import { converseUsage } from './usage.js';

/**
 * One thing that an answer of Converse says; a whole answer and a streamed one say it in the same way. What belongs to one
 * content block stands between `block-end`s. `end` is said once, when the provider has told all; nothing follows it or a
 * `failure`.
 */
export type AnswerEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'signature'; readonly signature: string }
  /** Base64. */
  | { readonly kind: 'redacted'; readonly data: string }
  | { readonly kind: 'tool'; readonly id: string; readonly name: string }
  /** A piece of the JSON text of the input of the tool that was named last. */
  | { readonly kind: 'tool-input'; readonly text: string }
  | { readonly kind: 'citation'; readonly citation: JsonObject }
  | { readonly kind: 'image'; readonly format: string; readonly data: string }
  | { readonly kind: 'block-end' }
  | { readonly kind: 'stop'; readonly stopReason: string | undefined; readonly stopSequence: string | undefined }
  | { readonly kind: 'usage'; readonly usage: TokenUsage; readonly serviceTier: string | undefined }
  | { readonly kind: 'failure'; readonly error: ProviderError }
  | { readonly kind: 'end' };

export type AnswerSink = (event: AnswerEvent) => void;

/** Tells a whole answer. @throws {UpstreamAnswerError} when it is none */
export function tellWholeAnswer(body: Uint8Array, on: AnswerSink): void {
  const answer = objectOf(parseJsonLeniently(body));
  const message = objectOf(answer['output'])['message'];
  if (!isJsonObject(message)) {
    throw new UpstreamAnswerError('the answer of AWSBedrock has no object "output.message": expected one of Converse');
  }
  on({ kind: 'begin' });
  for (const block of arrayOf(message['content'])) {
    tellBlock(objectOf(block), on);
    on({ kind: 'block-end' });
  }
  on(stopOf(answer));
  const usage = usageOf(answer);
  if (usage) on(usage);
  on({ kind: 'end' });
}

function tellBlock(block: JsonObject, on: AnswerSink): void {
  tellText(block['text'], on);
  tellReasoning(objectOf(block['reasoningContent']), on);
  const tool = block['toolUse'];
  if (isJsonObject(tool) && tellTool(tool, on)) {
    on({ kind: 'tool-input', text: JSON.stringify(isJsonObject(tool['input']) ? tool['input'] : {}) });
  }
  const cited = objectOf(block['citationsContent']);
  for (const part of arrayOf(cited['content'])) tellText(objectOf(part)['text'], on);
  for (const citation of arrayOf(cited['citations'])) on({ kind: 'citation', citation: objectOf(citation) });
  const image = objectOf(block['image']);
  const data = stringOf(objectOf(image['source'])['bytes']);
  if (data) on({ kind: 'image', format: stringOf(image['format']) ?? 'png', data });
}

export function tellText(text: JsonValue | undefined, on: AnswerSink): void {
  if (typeof text === 'string' && text !== '') on({ kind: 'text', text });
}

/** What Nova says in place of its thoughts. @see spec translators.md 18.4.4 */
const HIDDEN_THOUGHT = '[REDACTED]';

/** Of a whole block and of a delta, whose members stand one level higher. */
export function tellReasoning(reasoning: JsonObject, on: AnswerSink): void {
  const { text, signature } = isJsonObject(reasoning['reasoningText']) ? reasoning['reasoningText'] : reasoning;
  const data = reasoning['redactedContent'];
  if (typeof text === 'string' && text !== '' && text !== HIDDEN_THOUGHT) on({ kind: 'reasoning', text });
  if (typeof signature === 'string' && signature !== '') on({ kind: 'signature', signature });
  if (typeof data === 'string' && data !== '') on({ kind: 'redacted', data });
}

/** False for tools that Bedrock runs itself: their calls are none of the client's. */
export function tellTool(tool: JsonObject, on: AnswerSink): boolean {
  if (tool['type'] === 'server_tool_use') return false;
  on({ kind: 'tool', id: stringOf(tool['toolUseId']) ?? '', name: stringOf(tool['name']) ?? '' });
  return true;
}

/** Of a whole answer and of `messageStop`. */
export function stopOf(object: JsonObject): AnswerEvent {
  const fields = objectOf(object['additionalModelResponseFields']);
  return {
    kind: 'stop',
    stopReason: stringOf(object['stopReason']),
    stopSequence: stringOf(fields['stop_sequence']) ?? stringOf(objectOf(fields['delta'])['stop_sequence']),
  };
}

/** Of a whole answer and of `metadata`. */
export function usageOf(object: JsonObject): AnswerEvent | undefined {
  const usage = converseUsage(object['usage']);
  return usage && { kind: 'usage', usage, serviceTier: stringOf(objectOf(object['serviceTier'])['type']) };
}

/** Position of the block that a stream event belongs to. */
export const blockIndexOf = (event: JsonObject): number => numberOf(event['contentBlockIndex']) ?? 0;
