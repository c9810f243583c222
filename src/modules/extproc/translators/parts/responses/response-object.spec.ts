import { describe, expect, it } from '@jest/globals';
import {
  ENCRYPTED,
  RESULT,
  WORKED,
  finalOf,
  playEvents,
  wholeOf,
} from '../../../../../../test/harness/responses-answer.js';

describe('a whole converted response', () => {
  it('is the final response of the stream that says the same', () => {
    const { body } = wholeOf(RESULT, ENCRYPTED);
    expect(body).toEqual(finalOf(playEvents(WORKED, ENCRYPTED)));
  });

  it('tells usage and model', () => {
    expect(wholeOf(RESULT)).toMatchObject({ usage: RESULT.usage, model: 'm-1' });
  });

  it('18.3.4: has every key, with the defaults of the API', () => {
    const { usage: _, ...unmetered } = RESULT;
    expect(wholeOf({ ...unmetered, choices: [], created: 7 }).body).toEqual({
      id: `resp_${'1'.padStart(48, '0')}`,
      object: 'response',
      created_at: 7,
      status: 'failed',
      completed_at: null,
      background: false,
      error: { code: 'server_error', message: 'The answer of the provider ended before it was complete.' },
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      model: 'm-1',
      output: [],
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: null,
      prompt_cache_retention: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'priority',
      store: false,
      temperature: 1,
      text: { format: { type: 'text' }, verbosity: 'medium' },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      truncation: 'disabled',
      usage: null,
      user: null,
      metadata: {},
    });
  });

  it('tells back what the request set', () => {
    const request = {
      instructions: 'be brief',
      max_output_tokens: 99,
      max_tool_calls: 3,
      parallel_tool_calls: false,
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      reasoning: { effort: 'low', summary: 'auto' },
      safety_identifier: 's',
      temperature: 0,
      text: { format: { type: 'json_object' }, verbosity: 'low' },
      tool_choice: { type: 'function', name: 'f' },
      tools: [{ type: 'function', name: 'f', parameters: null, strict: true }],
      top_logprobs: 2,
      top_p: 0.5,
      truncation: 'auto',
      user: 'u',
      metadata: { a: 'b' },
    };
    expect(wholeOf(RESULT, request).body).toMatchObject(request);
  });
});
