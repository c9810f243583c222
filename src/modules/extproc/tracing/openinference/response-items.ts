import { arrayOf, isJsonArray, objectOf, stringOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import type { MessageKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { nonEmpty, setImagePart, setTextPart, setToolCall, type ToolCall } from './common-attributes.js';
import { hiddenIf } from './redaction.js';

/** Where an item of a response is recorded. */
export interface ItemTarget {
  readonly record: AttributeRecord;
  readonly keys: MessageKeys;
  readonly hidesText: boolean;
  readonly isInput: boolean;
}

/** What is recorded of an item depends on its type; of those that are not named here nothing is. @see spec observability.md 4.3.1 */
export function setItem(target: ItemTarget, item: JsonObject): void {
  switch (item['type']) {
    case undefined:
    case 'message':
      return setMessage(target, item);
    case 'function_call':
      return setCall(target, {
        id: nonEmpty(item['call_id']),
        name: nonEmpty(item['name']),
        arguments: stringOf(item['arguments']) ?? '',
      });
    case 'custom_tool_call':
      return setCall(target, {
        id: nonEmpty(item['call_id']),
        name: nonEmpty(item['name']),
        arguments: JSON.stringify({ input: item['input'] ?? '' }),
      });
    case 'file_search_call':
    case 'web_search_call':
      return setCall(target, { id: nonEmpty(item['id']), name: nonEmpty(item['type']), arguments: undefined });
    case 'computer_call':
      return setComputerCall(target, item);
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'computer_call_output':
      return target.isInput ? setOutputOfCall(target, item) : undefined;
    case 'reasoning':
      return setReasoning(target, item);
    default:
      return undefined;
  }
}

function setMessage({ record, keys, hidesText, isInput }: ItemTarget, { role, content }: JsonObject): void {
  if (typeof role !== 'string') return;
  record.setItem(keys.role, role);
  if (typeof content === 'string') {
    if (isInput) record.setItem(keys.content, hiddenIf(hidesText, content));
    else setTextPart(record, keys, { index: 0, text: content, isHidden: hidesText });
  }
  if (!isJsonArray(content)) return;
  for (const [index, item] of content.entries()) {
    const part = objectOf(item);
    const text = textOfPart(part);
    // Images that may not be shown were replaced before.
    if (part['type'] === 'input_image') setImagePart(record, keys, index, nonEmpty(part['image_url']));
    else if (text !== undefined) setTextPart(record, keys, { index, text, isHidden: hidesText });
  }
}

function textOfPart({ type, text, refusal }: JsonObject): string | undefined {
  switch (type) {
    case 'input_text':
    case 'output_text':
      return stringOf(text);
    case 'refusal':
      return stringOf(refusal);
    default:
      return undefined;
  }
}

function setCall({ record, keys, hidesText }: ItemTarget, call: ToolCall): void {
  const shown = (text: string | undefined) => text && hiddenIf(hidesText, text);
  record.setItem(keys.role, 'assistant');
  setToolCall(record, keys.toolCall(0), {
    id: shown(call.id),
    name: shown(call.name),
    arguments: shown(call.arguments),
  });
}

function setComputerCall({ record, keys, hidesText }: ItemTarget, item: JsonObject): void {
  const callId = nonEmpty(item['call_id']);
  record.setItem(keys.role, 'assistant');
  record.setItem(keys.toolCall(0).role, 'tool');
  record.setItem(keys.toolCall(0).id, callId && hiddenIf(hidesText, callId));
}

/** The output as JSON: a text keeps its quotes. */
function setOutputOfCall({ record, keys, hidesText }: ItemTarget, item: JsonObject): void {
  const callId = nonEmpty(item['call_id']);
  const output: JsonValue = item['output'] ?? '';
  record.setItem(keys.role, 'tool');
  record.setItem(keys.outputOfToolCall, callId && hiddenIf(hidesText, callId));
  record.setItem(keys.content, hiddenIf(hidesText, JSON.stringify(output)));
}

function setReasoning({ record, keys, hidesText, isInput }: ItemTarget, item: JsonObject): void {
  if (isInput) record.setItem(keys.role, 'assistant');
  for (const [index, part] of arrayOf(item['summary']).entries()) {
    const { type, text } = objectOf(part);
    if (typeof text !== 'string' || (isInput && type !== 'summary_text')) continue;
    setTextPart(record, keys, { index, text, isHidden: hidesText });
  }
}
