import { describe, expect, it } from '@jest/globals';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { parseJson } from '../../../codec/json-value.js';
import type { ChatResult } from './chat-result.js';
import { encodeCompletion } from './encode-completion.js';

const encoded = (result: ChatResult) => encodeCompletion(result, fixedEnv()).toString();

describe('encodeCompletion', () => {
  it('writes all that an answer may hold', () => {
    expect(
      JSON.parse(
        encoded({
          id: 'id-1',
          created: 5,
          model: 'm',
          serviceTier: 'flex',
          choices: [
            {
              index: 0,
              content: 'a',
              refusal: 'no',
              reasoning: 'hm',
              thinkingBlocks: [
                { type: 'thinking', thinking: 'hm', signature: 's' },
                { type: 'redacted_thinking', data: 'AbC=' },
              ],
              toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a":1.0}' }],
              annotations: [{ type: 'url_citation' }],
              images: [{ type: 'image_url' }],
              finishReason: 'tool_calls',
              logprobs: { content: [] },
              extras: { safety_ratings: [1] },
            },
          ],
          usage: {
            inputTokens: 10,
            outputTokens: 4,
            totalTokens: 14,
            cachedInputTokens: 3,
            cacheCreationInputTokens: 2,
            reasoningTokens: 1,
          },
        }),
      ),
    ).toEqual({
      id: 'id-1',
      object: 'chat.completion',
      created: 5,
      model: 'm',
      service_tier: 'flex',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'a',
            refusal: 'no',
            reasoning_content: 'hm',
            thinking_blocks: [
              { type: 'thinking', thinking: 'hm', signature: 's' },
              { type: 'redacted_thinking', data: 'AbC=' },
            ],
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1.0}' } }],
            annotations: [{ type: 'url_citation' }],
            images: [{ type: 'image_url' }],
            safety_ratings: [1],
          },
          logprobs: { content: [] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 3, cache_creation_input_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    });
  });

  it('G44: makes an id and takes the current time when the provider tells neither', () => {
    for (const id of [undefined, '']) {
      expect(JSON.parse(encoded({ id, model: 'm', choices: [] }))).toEqual({
        id: 'chatcmpl-000000000000000000000001',
        object: 'chat.completion',
        created: 1_700_000_000,
        model: 'm',
        choices: [],
      });
    }
  });

  it('writes null for no content', () => {
    const choice = { index: 0, content: undefined, thinkingBlocks: [], toolCalls: [], finishReason: 'stop' } as const;
    expect(JSON.parse(encoded({ id: 'i', model: 'm', choices: [choice] }))).toMatchObject({
      choices: [{ index: 0, message: { role: 'assistant', content: null }, finish_reason: 'stop' }],
    });
  });

  it('writes every counter, also zeros', () => {
    expect(JSON.parse(encoded({ id: 'i', model: 'm', choices: [], usage: { inputTokens: 0 } }))).toMatchObject({
      usage: {
        prompt_tokens: 0,
        completion_tokens: 0,
        total_tokens: 0,
        prompt_tokens_details: { cached_tokens: 0, cache_creation_input_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  it('G36: hands numbers through as the provider wrote them', () => {
    const extras = { grounding_metadata: parseJson('{"n":12345678901234567890,"x":1.0}') };
    const choice = { index: 0, content: 'a', thinkingBlocks: [], toolCalls: [], finishReason: 'stop', extras } as const;
    expect(encoded({ id: 'i', model: 'm', choices: [choice] })).toContain('{"n":12345678901234567890,"x":1.0}');
  });
});
