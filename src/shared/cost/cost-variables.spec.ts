import { describe, expect, it } from '@jest/globals';
import { compileCostExpression } from './cost-expression.js';
import type { CostFacts } from './cost-variables.js';

const factsOf = (changes: Partial<CostFacts>): CostFacts => ({
  model: 'gpt-4o',
  backend: 'default/openai/route/chat/rule/0/ref/0',
  backendShortName: 'default/openai',
  backendNamespace: undefined,
  routeName: 'default/chat',
  schema: 'OpenAI',
  responseModel: '',
  usage: { inputTokens: 10 },
  requestHeaders: { toMap: () => new Map() },
  ...changes,
});
const withHeaders = (headers: Readonly<Record<string, string>>) =>
  factsOf({ requestHeaders: { toMap: () => new Map(Object.entries(headers)) } });
const evaluate = (text: string, facts: CostFacts) => compileCostExpression(text).evaluate(facts);

describe('backend_name and backend_namespace', () => {
  it.each<[string, string | undefined, string, string]>([
    ['default/openai', undefined, 'openai', 'default'],
    ['default/openai', 'shared', 'openai', 'shared'],
    ['mine', undefined, 'mine', ''],
    ['mine', 'shared', 'mine', 'shared'],
    ['', undefined, '', ''],
  ])('of %j with namespace %j are %j and %j', (backendShortName, backendNamespace, name, namespace) => {
    const text = `backend_name == '${name}' && backend_namespace == '${namespace}' ? 1 : 0`;
    expect(evaluate(text, factsOf({ backendShortName, backendNamespace }))).toBe(1n);
  });
});

describe('request_headers', () => {
  it.each<[string, Record<string, string>, bigint]>([
    ["request_headers['x-tier'] == 'gold' ? 1u : input_tokens", { 'x-tier': 'gold' }, 1n],
    ["request_headers['x-tier'] == 'gold' ? 1u : input_tokens", { 'x-tier': 'basic' }, 10n],
    ["'x-tier' in request_headers ? 1 : 2", { 'x-tier': '' }, 1n],
    ["'x-tier' in request_headers ? 1 : 2", {}, 2n],
    ['has(request_headers.tier) ? 1 : 2', { tier: 'gold' }, 1n],
    ['has(request_headers.tier) ? 1 : 2', {}, 2n],
    ["uint(request_headers['x-weight']) * input_tokens", { 'x-weight': '3' }, 30n],
    ["double(request_headers['x-weight']) * 2.0", { 'x-weight': '1.2' }, 3n],
    ["{'gold': 2u, 'basic': 3u}[request_headers['x-tier']] * input_tokens", { 'x-tier': 'gold' }, 20n],
    ["request_headers.exists(name, name.startsWith('x-batch-')) ? 1 : 2", { 'x-batch-id': '7' }, 1n],
    ["request_headers[':path'].startsWith('/v1/') ? 1 : 2", { ':path': '/v1/chat/completions' }, 1n],
    ["!('x-tier' in request_headers) ? input_tokens / 0u : 1u", { 'x-tier': 'gold' }, 1n],
  ])('are read by %s', (text, headers, expected) => {
    expect(evaluate(text, withHeaders(headers))).toBe(expected);
  });

  it('do not hold what a client sends under names of ours', () => {
    const headers = { 'x-ai-eg-model': 'forged', 'x-gateway-destination-endpoint': '10.0.0.1:80', 'x-tier': 'gold' };
    expect(evaluate('uint(size(request_headers))', withHeaders(headers))).toBe(1n);
    expect(evaluate("'x-ai-eg-model' in request_headers ? 1 : 0", withHeaders(headers))).toBe(0n);
    expect(evaluate("'x-tier' in request_headers ? 1 : 0", withHeaders(headers))).toBe(1n);
  });

  it('are made into text for expressions that read them only', () => {
    const requestHeaders = {
      toMap: (): ReadonlyMap<string, string> => {
        throw new Error('read');
      },
    };
    const facts = factsOf({ requestHeaders });
    expect(evaluate("model == 'x' ? uint(request_headers['x']) : input_tokens", facts)).toBe(10n);
    expect(() => evaluate("uint(request_headers['x'])", facts)).toThrow('read');
  });

  it.each([
    ["request_headers['x-tier'] ? 1 : 2", "found no matching overload for '_?_:_' applied to '(string, int, int)'"],
    ["request_headers['x-weight'] * 2u", "found no matching overload for '_*_' applied to '(string, uint)'"],
    ['request_headers.weight * 2u', "found no matching overload for '_*_' applied to '(string, uint)'"],
    ['request_headers[1] == "a" ? 1 : 2', "found no matching overload for '_[_]' applied to '(map, int)'"],
    ["request_headers['X-Tier'] == 'gold' ? 1 : 2", "names of headers are in lower case here: write 'x-tier'"],
    ["'X-Tier' in request_headers ? 1 : 2", "names of headers are in lower case here: write 'x-tier'"],
    ['has(request_headers.Tier) ? 1 : 2', "names of headers are in lower case here: write 'tier'"],
    ["1u - 2u + uint(request_headers['x'])", 'it fails with all counters 0 (uint overflow during _-_) and with'],
    ['request_headers', 'the result is of type map; expected int, uint or double'],
  ])('make %s refused', (text, reason) => {
    expect(() => compileCostExpression(text)).toThrow(reason);
  });

  it('that are missing are an error that names them', () => {
    const message = 'field not found: x-tier';
    for (const text of ["request_headers['x-tier'] == 'a' ? 1 : 2", `request_headers["x-tier"] == 'a' ? 1 : 2`]) {
      expect(() => evaluate(text, withHeaders({ other: 'a' }))).toThrow(expect.objectContaining({ message }));
    }
    expect(() => evaluate("request_headers.tier == 'a' ? 1 : 2", withHeaders({}))).toThrow('field not found: tier');
  });

  const secret = 'sk-4711';
  it.each([
    "uint(request_headers['authorization'])",
    "double(request_headers['authorization'])",
    "bool(request_headers['authorization']) ? 1 : 2",
    "{'a': 1}[request_headers['authorization']]",
    "request_headers[request_headers['authorization']] == 'a' ? 1 : 2",
    "timestamp(request_headers['authorization']) == timestamp(1) ? 1 : 2",
    "duration(request_headers['authorization']) == duration(1) ? 1 : 2",
    "'a'.matches('(' + request_headers['authorization']) ? 1 : 2",
    "{request_headers['authorization']: 1, request_headers['authorization']: 2}['a']",
    "{model: 1}[request_headers['authorization'] + model]",
  ])('never show in the error of %s', (text) => {
    expect(() => evaluate(text, withHeaders({ authorization: secret }))).toThrow(
      expect.objectContaining({ name: 'UserFacingError', message: expect.not.stringContaining(secret) }),
    );
  });

  it('never show in a result that is refused', () => {
    expect(() => evaluate("-int(request_headers['authorization'])", withHeaders({ authorization: '4711' }))).toThrow(
      expect.objectContaining({ message: 'the result is outside 0 to 2^64-1' }),
    );
  });

  it('leave the reason of a failure that shows no value as it is', () => {
    const facts = withHeaders({ 'x-weight': '5' });
    expect(() => evaluate("2u - uint(request_headers['x-weight'])", facts)).toThrow('uint overflow during _-_');
    expect(() => evaluate("1u / (uint(request_headers['x-weight']) - 5u)", facts)).toThrow('uint divide by zero');
  });
});
