import { describe, expect, it } from '@jest/globals';
import { Receipt } from '../../receipt.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { dropUnhandledFields } from './handled-fields.js';

function droppedOf(fields: JsonObject, ...handled: string[]) {
  const receipt = new Receipt();
  dropUnhandledFields(fields, new Set(handled), receipt);
  return receipt.dropped;
}

describe('dropUnhandledFields', () => {
  it('names what is not handled, in the order of the client', () => {
    expect(droppedOf({ model: 'm', seed: 1, temperature: 1, logit_bias: { 1: 2 }, made_up: 0 }, 'temperature')).toEqual(
      ['seed', 'logit_bias', 'made_up'],
    );
  });

  it.each<JsonObject>([
    { model: 'm', messages: [], stream: true, stream_options: { include_usage: true } },
    { seed: null },
    { n: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0 },
    { store: false, logprobs: false, top_logprobs: 0, parallel_tool_calls: true },
    { tools: [], stop: [], logit_bias: {}, metadata: {}, user: '', guided_choice: [] },
    { tool_choice: 'auto', service_tier: 'default', verbosity: 'medium', modalities: ['text'] },
    { response_format: { type: 'text' } },
  ])('passes over what changes nothing: %j', (fields) => {
    expect(droppedOf(fields)).toEqual([]);
  });

  it.each<JsonObject>([
    { n: 2 },
    { store: true },
    { logprobs: true },
    { parallel_tool_calls: false },
    { presence_penalty: 0.1 },
    { logit_bias: { 5: 1 } },
    { metadata: { a: 'b' } },
    { service_tier: 'flex' },
    { tool_choice: 'none' },
    { web_search_options: {} },
    { response_format: { type: 'json_object' } },
    { modalities: ['text', 'audio'] },
  ])('names %j', (fields) => {
    expect(droppedOf(fields)).toEqual(Object.keys(fields));
  });
});
