import { describe, expect, it } from '@jest/globals';
import type { SchemaName } from '../../../../shared/filter-config/filter-config.js';
import { playWhole, startCell, type CellCall } from '../../../../../test/harness/cell.js';

const CHAT = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hi' }] };

function sent(schema: SchemaName, members: object = {}, call: Partial<CellCall> = {}) {
  const body = JSON.stringify({ ...CHAT, ...members });
  const { request } = startCell('chat-completions', schema, { body, ...call });
  const {
    messages: _,
    max_tokens: __,
    ...envelope
  } = JSON.parse(Buffer.from(request.body!).toString()) as object & {
    messages: unknown;
    max_tokens: unknown;
  };
  return { path: request.path, sets: request.sets, envelope };
}

describe('chat → Anthropic', () => {
  it.each([
    ['a whole answer', {}, {}, { model: 'claude-sonnet-4-5' }],
    ['a stream', { stream: true }, {}, { model: 'claude-sonnet-4-5', stream: true }],
    ['an override', {}, { modelNameOverride: 'claude-opus-4-8' }, { model: 'claude-opus-4-8' }],
  ])('G31: asks for %s with the model in the body and no anthropic_version', (_, members, call, envelope) => {
    const request = sent('Anthropic', members, { prefix: 'v1', ...call });
    expect(request.path).toBe('/v1/messages');
    expect(request.envelope).toEqual(envelope);
  });

  it('G34: adds the version header unless the client sent one', () => {
    expect(sent('Anthropic').sets).toEqual([{ name: 'anthropic-version', value: '2023-06-01' }]);
    expect(sent('Anthropic', {}, { headers: { 'anthropic-version': '2023-01-01' } }).sets).toEqual([]);
  });
});

describe('chat → AWSAnthropic and GCPAnthropic', () => {
  it.each<[SchemaName, string | undefined, object]>([
    ['AWSAnthropic', undefined, { anthropic_version: 'bedrock-2023-05-31' }],
    ['AWSAnthropic', '', { anthropic_version: 'bedrock-2023-05-31' }],
    ['AWSAnthropic', 'bedrock-x', { anthropic_version: 'bedrock-x' }],
    ['GCPAnthropic', undefined, { anthropic_version: 'vertex-2023-10-16', stream: true }],
    ['GCPAnthropic', '', { anthropic_version: 'vertex-2023-10-16', stream: true }],
    ['GCPAnthropic', 'vertex-x', { anthropic_version: 'vertex-x', stream: true }],
  ])('G22: %s with the version %p of the schema sends a version, and no model', (schema, version, envelope) => {
    const request = sent(schema, { stream: true }, version === undefined ? {} : { version });
    expect(request.sets).toEqual([]);
    expect(request.envelope).toEqual(envelope);
  });
});

describe('usage of Claude', () => {
  it.each<SchemaName>(['Anthropic', 'AWSAnthropic', 'GCPAnthropic'])(
    'of %s counts the tokens of thinking',
    (schema) => {
      const usage = { input_tokens: 3, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
      const answer = { type: 'message', role: 'assistant', content: [], stop_reason: 'end_turn', usage };
      const exchange = startCell('chat-completions', schema, { body: JSON.stringify(CHAT) });
      expect(playWhole(exchange, Buffer.from(JSON.stringify(answer))).usage).toMatchObject({ reasoningTokens: 4 });
    },
  );
});
