import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { readMessagesRequest } from './read-messages-request.js';
import { toReasoningEffort } from './to-reasoning-effort.js';

function effortOf(model: string, members: JsonObject) {
  const receipt = new Receipt();
  const effort = toReasoningEffort(readMessagesRequest({ messages: [], ...members }), model, receipt);
  return [effort, receipt.dropped];
}
const enabled = (budget_tokens?: number): JsonObject => ({
  thinking: { type: 'enabled', ...(budget_tokens === undefined ? {} : { budget_tokens }) },
});

describe('toReasoningEffort', () => {
  it.each<readonly [string, JsonObject, string | undefined, readonly string[]]>([
    ['nothing', {}, undefined, []],
    ['the least budget', enabled(1024), 'low', ['thinking']],
    ['a small budget', enabled(8192), 'medium', ['thinking']],
    ['a large budget', enabled(8193), 'high', ['thinking']],
    ['no budget', enabled(), 'medium', ['thinking']],
    ['disabled thinking', { thinking: { type: 'disabled' } }, undefined, []],
    ['adaptive thinking', { thinking: { type: 'adaptive' } }, undefined, []],
    ['a display', { thinking: { type: 'adaptive', display: 'omitted' } }, undefined, ['thinking.display']],
    ['unknown thinking', { thinking: { type: 'auto' } }, undefined, ['thinking']],
    ['an effort', { output_config: { effort: 'xhigh' } }, 'xhigh', []],
    ['an effort beside thinking', { ...enabled(1024), output_config: { effort: 'high' } }, 'high', ['thinking']],
    ["Anthropic's own effort", { output_config: { effort: 'max' } }, 'high', ['output_config.effort']],
    ['an unknown effort', { output_config: { effort: 'huge' } }, undefined, ['output_config.effort']],
  ])('G20: reads %s', (_, members, effort, dropped) => {
    expect(effortOf('gpt-5.1', members)).toEqual([effort, dropped]);
  });

  it.each(['gpt-4o', 'openai/gpt-4.1-mini', 'gpt-3.5-turbo', 'chatgpt-4o-latest'])(
    'G20: asks %s for none, which does not reason',
    (model) => {
      expect(effortOf(model, enabled(9000))).toEqual([undefined, ['thinking']]);
      expect(effortOf(model, { output_config: { effort: 'low' } })).toEqual([undefined, ['output_config.effort']]);
    },
  );

  it.each(['gpt-5', 'o3', 'deepseek-reasoner', 'my-gpt-4-like'])('asks %s', (model) => {
    expect(effortOf(model, enabled(9000))[0]).toBe('high');
  });
});
