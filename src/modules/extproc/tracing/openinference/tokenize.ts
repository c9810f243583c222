import { arrayOf, isJsonArray, type JsonObject } from '../../codec/json-value.js';
import { attributeKeys, JSON_TYPE } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { nonEmpty, setInputIfShown, setKind, setOutputValue } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { without } from './invocation-parameters.js';
import { countOf, positiveCountOf } from './token-counts.js';

/** Of vLLM. @see spec observability.md 4.2, 4.3 `tokenize` */
export const tokenize: EndpointSpans = {
  name: 'Tokenize',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'TOKEN_COUNTER', 'openai');
    record.set(attributeKeys.model, nonEmpty(view.request.model));
    setInputIfShown(record, view, redaction);
    if (isJsonArray(document['messages'])) setChatOptions(record, document);
    else setCompletionOptions(record, document);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.outputMimeType, JSON_TYPE);
    record.set(attributeKeys.tokenizeTokenCount, countOf(document['count']) ?? 0);
    record.set(attributeKeys.tokenizeMaxModelLength, positiveCountOf(document['max_model_len']));
    record.set(attributeKeys.tokenizeTokensReturned, arrayOf(document['tokens']).length || undefined);
    record.set(attributeKeys.tokenizeTokenStringsReturned, arrayOf(document['token_strs']).length || undefined);
    // Tokens are the input itself.
    const shown = () => (redaction.hidesInputs ? JSON.stringify(without(document, ['tokens', 'token_strs'])) : text);
    setOutputValue(record, shown, redaction);
  },
};

function setCompletionOptions(record: AttributeRecord, document: JsonObject): void {
  record.set(attributeKeys.tokenizeRequestType, 'completion');
  record.set(attributeKeys.tokenizeAddSpecialTokens, flagOf(document, 'add_special_tokens') ?? true);
  record.set(attributeKeys.tokenizeReturnTokenStrings, flagOf(document, 'return_token_strs'));
}

function setChatOptions(record: AttributeRecord, document: JsonObject): void {
  record.set(attributeKeys.tokenizeRequestType, 'chat');
  record.set(attributeKeys.tokenizeAddGenerationPrompt, flagOf(document, 'add_generation_prompt') ?? true);
  record.set(attributeKeys.tokenizeContinueFinalMessage, flagOf(document, 'continue_final_message') ?? false);
  record.set(attributeKeys.tokenizeAddSpecialTokens, flagOf(document, 'add_special_tokens') ?? false);
  record.set(attributeKeys.tokenizeReturnTokenStrings, flagOf(document, 'return_token_strs'));
  record.set(attributeKeys.tokenizeMessageCount, arrayOf(document['messages']).length || undefined);
}

function flagOf(document: JsonObject, name: string): boolean | undefined {
  const value = document[name];
  return typeof value === 'boolean' ? value : undefined;
}
