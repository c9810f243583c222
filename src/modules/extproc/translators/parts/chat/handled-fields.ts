import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import { isJsonArray, isJsonObject, numberOf } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';

/** Members that every backend reads from somewhere else. */
const ALWAYS_HANDLED: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'stream_options']);

const isFalse = (value: JsonValue) => value === false;
const isTrue = (value: JsonValue) => value === true;
const isZero = (value: JsonValue) => numberOf(value) === 0;
const isOne = (value: JsonValue) => numberOf(value) === 1;
const isEmpty = (value: JsonValue) =>
  value === '' ||
  (isJsonArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

/** Values that ask for what happens anyway, so that leaving them out loses nothing. */
const WITHOUT_EFFECT: ReadonlyMap<string, (value: JsonValue) => boolean> = new Map([
  ['n', isOne],
  ['top_p', isOne],
  ['store', isFalse],
  ['logprobs', isFalse],
  ['top_logprobs', isZero],
  ['presence_penalty', isZero],
  ['frequency_penalty', isZero],
  ['parallel_tool_calls', isTrue],
  ['tools', isEmpty],
  ['stop', isEmpty],
  ['logit_bias', isEmpty],
  ['metadata', isEmpty],
  ['guided_choice', isEmpty],
  ['user', isEmpty],
  ['tool_choice', (value) => value === 'auto'],
  ['service_tier', (value) => value === 'auto' || value === 'default'],
  ['verbosity', (value) => value === 'medium'],
  ['response_format', (value) => isJsonObject(value) && value['type'] === 'text'],
  ['modalities', (value) => isJsonArray(value) && value.length === 1 && value[0] === 'text'],
]);

/**
 * Puts the top-level members that a provider does not get into the receipt. Nulls and values that change nothing are no
 * loss.
 * @param handled Names that the backend hands on, or answers for in the receipt itself
 */
export function dropUnhandledFields(fields: JsonObject, handled: ReadonlySet<string>, receipt: Receipt): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || handled.has(name) || ALWAYS_HANDLED.has(name)) continue;
    if (WITHOUT_EFFECT.get(name)?.(value) !== true) receipt.drop(name);
  }
}
