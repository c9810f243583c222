import { describe, expect, it } from '@jest/globals';
import type { TranslationOptions } from '../../../../../shared/translation-options.js';
import { fixedEnv, startCell } from '../../../../../../test/harness/cell.js';

const MODEL = 'arn:aws:bedrock:us-east-1:1:application-inference-profile/abc';

function sent(schema: (typeof SCHEMAS)[number], members: object, options: Partial<TranslationOptions>) {
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'hi' }], ...members });
  const { request } = startCell('chat-completions', schema, { body }, fixedEnv(options));
  return { ...request, body: JSON.parse(Buffer.from(request.body!).toString()) as object };
}

const SCHEMAS = ['Anthropic', 'AWSAnthropic', 'GCPAnthropic'] as const;

describe.each(SCHEMAS)('options of the operator for chat → %s', (schema) => {
  it.each([
    ['no bound', {}, 10_000],
    ['a bound', { max_tokens: 7 }, 7],
    ['no bound and a budget for thinking', { thinking: { type: 'enabled', budget_tokens: 2000 } }, 12_000],
    ['no bound and no budget for thinking', { thinking: { type: 'enabled' } }, 15_000],
  ])('G30: are the bound when the client names %s', (_, members, max_tokens) => {
    expect(sent(schema, members, { defaultMaxTokens: 10_000 }).body).toMatchObject({ max_tokens });
  });

  it('G30: give a model the abilities of another and keep its name', () => {
    const knownModels = new Map([['profile/abc', 'claude-opus-4-8']]);
    const members = { reasoning_effort: 'high', temperature: 0.5 };
    expect(sent(schema, members, { knownModels })).toMatchObject({
      path: sent(schema, {}, {}).path,
      body: { output_config: { effort: 'high' } },
      dropped: ['temperature'],
    });
    expect(sent(schema, members, {})).toMatchObject({ body: { temperature: 0.5 }, dropped: ['reasoning_effort'] });
  });
});
