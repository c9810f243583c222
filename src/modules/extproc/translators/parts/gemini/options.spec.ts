import { describe, expect, it } from '@jest/globals';
import { fixedEnv, startCell } from '../../../../../../test/harness/cell.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';

const MODEL = 'team/our-tuned';
const MESSAGES = [{ role: 'user', content: 'hi' }];
const PARAMETERS = { type: 'object', properties: { a: { type: ['string', 'number'] } } };
const FUNCTIONS = [{ type: 'function', function: { name: 'f', parameters: PARAMETERS } }];
const TOOLS = [{ name: 'f', input_schema: PARAMETERS }];

const tunedEnv = () => fixedEnv({ knownModels: new Map([['our-tuned', 'gemini-3-pro']]) });

function sent(endpoint: EndpointName, members: object, env = tunedEnv()) {
  const body = JSON.stringify({ model: MODEL, messages: MESSAGES, ...members });
  const { request } = startCell(endpoint, 'GCPVertexAI', { body }, env);
  return { path: request.path, body: JSON.parse(Buffer.from(request.body!).toString()) as object };
}

describe('a model that the operator says is known as another', () => {
  it.each([
    ['chat-completions', { tools: FUNCTIONS }, 'generateContent'],
    ['messages', { tools: TOOLS, max_tokens: 9 }, 'generateContent'],
    ['tokenize', { tools: FUNCTIONS }, 'countTokens'],
    ['count-tokens', { tools: TOOLS }, 'countTokens'],
  ] as const)('G30: has its abilities in %s and keeps its own name', (endpoint, members, method) => {
    const { path, body } = sent(endpoint, members);
    expect(path).toBe(`publishers/google/models/team%2Four-tuned:${method}`);
    expect(body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: PARAMETERS }] }],
    });
    expect(() => sent(endpoint, members, fixedEnv())).toThrow('must be a type, or a type and "null" for this model');
  });

  it('G30: thinks as the other', () => {
    expect(sent('chat-completions', { reasoning_effort: 'low' }).body).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } },
    });
  });
});
