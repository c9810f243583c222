import { describe, expect, it } from '@jest/globals';
import { responseHead, startCell, type CellCall } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';

const bodyOf = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes!).toString()) as Record<string, unknown>;

function counted(call: Partial<CellCall>, schema: 'AWSAnthropic' | 'AWSBedrock' = 'AWSAnthropic') {
  const { request } = startCell('count-tokens', schema, { body: '{"model":"m","messages":[]}', ...call });
  const { input } = bodyOf(request.body) as { input: { invokeModel: { body: string } } };
  return { path: request.path, body: Buffer.from(input.invokeModel.body, 'base64').toString() };
}

describe('the headers of a native Anthropic backend', () => {
  it.each(['messages', 'count-tokens'] as const)('G34: %s names the version when the client does not', (endpoint) => {
    const body = '{"model":"m","messages":[]}';
    expect(startCell(endpoint, 'Anthropic', { body }).request.sets).toEqual([
      { name: 'anthropic-version', value: '2023-06-01' },
    ]);
    const headers = { 'anthropic-version': '2023-01-01' };
    expect(startCell(endpoint, 'Anthropic', { body, headers }).request.sets).toEqual([]);
  });
});

describe('the version in the body', () => {
  it.each([
    ['messages', 'AWSAnthropic', 'bedrock-2023-05-31'],
    ['messages', 'GCPAnthropic', 'vertex-2023-10-16'],
    ['count-tokens', 'GCPAnthropic', 'vertex-2023-10-16'],
  ] as const)('G22: of %s → %s is %s when the schema has none', (endpoint, schema, version) => {
    const versionOf = (given: Partial<CellCall>) =>
      bodyOf(startCell(endpoint, schema, { body: '{"model":"m","messages":[]}', ...given }).request.body)[
        'anthropic_version'
      ];
    expect([versionOf({}), versionOf({ version: '' }), versionOf({ version: 'mine' })]).toEqual([
      version,
      version,
      'mine',
    ]);
  });

  it.each(['AWSAnthropic', 'AWSBedrock'] as const)('G22: of counts on %s is bedrock-2023-05-31', (schema) => {
    expect(counted({}, schema).body).toBe('{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}');
    expect(counted({ version: 'mine' }, schema).body).toContain('"anthropic_version":"mine"');
  });
});

describe('a count on Bedrock', () => {
  it.each([
    ['anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['us.anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['eu.anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['apac.anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['global.anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['arn:aws:bedrock:us-east-1::inference-profile/us.anthropic.claude-x', 'anthropic.claude-x'],
    ['a/b', 'a%2Fb'],
  ])('of the model %s goes to %s', (model, segment) => {
    expect(counted({ modelNameOverride: model }).path).toBe(`/model/${segment}/count-tokens`);
  });

  it('keeps a limit that the client set', () => {
    expect(counted({ body: '{"model":"m","max_tokens":2.0,"stream":true}' }).body).toBe(
      '{"anthropic_version":"bedrock-2023-05-31","max_tokens":2.0}',
    );
  });

  it('G23: carries the betas that Bedrock takes', () => {
    const headers = { 'anthropic-beta': 'files-api-2025-04-14,token-counting-2024-11-01' };
    expect(counted({ headers }).body).toContain('"anthropic_beta":["token-counting-2024-11-01"]');
  });

  it.each(['', '[]', '{}', '{"inputTokens":"1"}'])('is no count when the answer is %p', (answer) => {
    const exchange = startCell('count-tokens', 'AWSBedrock', { body: '{"model":"m"}' });
    if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
    expect(() => exchange.whole(responseHead(200), Buffer.from(answer))).toThrow(
      new UpstreamAnswerError('the count of tokens must be a JSON object with the number "inputTokens"'),
    );
  });
});

describe('a count on a native Anthropic backend', () => {
  it.each([
    ['v1', '/v1/messages/count_tokens'],
    ['/', '/messages/count_tokens'],
    ['/custom/v2', '/custom/v2/messages/count_tokens'],
  ])('G23: with the prefix %p goes to %s', (prefix, path) => {
    expect(startCell('count-tokens', 'Anthropic', { body: '{"model":"m"}', prefix }).request.path).toBe(path);
  });
});

describe('a streamed answer of AWSAnthropic that does not stream', () => {
  it('goes through with what it tells', () => {
    const exchange = startCell('messages', 'AWSAnthropic', { body: '{"model":"m","stream":true}' });
    if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
    const answer = Buffer.from('{"model":"c","usage":{"input_tokens":1,"output_tokens":2}, "x":1.0}');
    const { body, model, usage } = exchange.whole(responseHead(201), answer);
    expect(body).toBe(answer);
    expect({ model, total: usage?.totalTokens }).toEqual({ model: 'c', total: 3 });
  });
});
