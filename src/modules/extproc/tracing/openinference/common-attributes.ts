import { arrayOf, stringOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import { attributeKeys, JSON_TYPE, type MessageKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { hiddenIf, REDACTED, type Redaction } from './redaction.js';
import type { RequestView } from './request-view.js';

export type SpanKindName = 'LLM' | 'EMBEDDING' | 'RERANKER' | 'TOKEN_COUNTER';

export function setKind(record: AttributeRecord, kind: SpanKindName, system?: 'openai' | 'anthropic' | 'cohere'): void {
  record.set(attributeKeys.spanKind, kind);
  record.set(attributeKeys.system, system);
}

/** `input.value` of most endpoints. */
export const setInput = (record: AttributeRecord, view: RequestView, redaction: Redaction): void =>
  setInputText(record, () => view.text, redaction);

export function setInputText(record: AttributeRecord, text: () => string, { hidesInputs }: Redaction): void {
  record.set(attributeKeys.inputValue, hidesInputs ? REDACTED : text());
  if (!hidesInputs) record.set(attributeKeys.inputMimeType, JSON_TYPE);
}

/** Neither value nor type when inputs are hidden, as endpoints that count tokens have it. */
export function setInputIfShown(record: AttributeRecord, view: RequestView, redaction: Redaction): void {
  if (!redaction.hidesInputs) setInput(record, view, redaction);
}

/** Left out when outputs are hidden; some endpoints set it in any case. */
export function setOutputType(record: AttributeRecord, { hidesOutputs }: Redaction): void {
  if (!hidesOutputs) record.set(attributeKeys.outputMimeType, JSON_TYPE);
}

export function setOutputValue(record: AttributeRecord, text: () => string, { hidesOutputs }: Redaction): void {
  record.set(attributeKeys.outputValue, hidesOutputs ? REDACTED : text());
}

/** Undefined for an empty text too. */
export const nonEmpty = (value: JsonValue | undefined): string | undefined => stringOf(value) || undefined;

/** Definitions of tools are part of the prompt. @see spec observability.md 12.2 row 2 */
export function setTools(record: AttributeRecord, document: JsonObject, { hidesInputs }: Redaction): void {
  if (hidesInputs) return;
  for (const [index, tool] of arrayOf(document['tools']).entries()) {
    record.setItem(attributeKeys.toolSchema(index), JSON.stringify(tool));
  }
}

export function setTextPart(
  record: AttributeRecord,
  keys: MessageKeys,
  part: { readonly index: number; readonly text: string; readonly isHidden: boolean },
): void {
  const { type, text } = keys.part(part.index);
  record.setItem(type, 'text');
  record.setItem(text, hiddenIf(part.isHidden, part.text));
}

export function setImagePart(record: AttributeRecord, keys: MessageKeys, index: number, url: string | undefined): void {
  const { type, imageUrl } = keys.part(index);
  record.setItem(type, 'image');
  record.setItem(imageUrl, url);
}

export interface ToolCall {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string | undefined;
}

export function setToolCall(record: AttributeRecord, keys: ReturnType<MessageKeys['toolCall']>, call: ToolCall): void {
  record.setItem(keys.id, call.id);
  record.setItem(keys.name, call.name);
  record.setItem(keys.arguments, call.arguments);
}
