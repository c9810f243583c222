import { describe, expect, it } from '@jest/globals';
import type { TranslationOptions } from '../../../../../shared/translation-options.js';
import { fixedEnv, responseHead, startCell } from '../../../../../../test/harness/cell.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';

const MODEL = 'arn:aws:bedrock:us-east-1:1:application-inference-profile/abc';
const HI = [{ role: 'user', content: 'hi' }];
const STRICT = { name: 'f', strict: true };

function started(endpoint: EndpointName, members: object, options: Partial<TranslationOptions>) {
  const body = JSON.stringify({ model: MODEL, messages: HI, ...members });
  return startCell(endpoint, 'AWSBedrock', { body }, fixedEnv(options));
}

function sent(endpoint: EndpointName, members: object, options: Partial<TranslationOptions>) {
  const { request } = started(endpoint, members, options);
  return { path: request.path, body: JSON.parse(Buffer.from(request.body!).toString()) as object };
}

describe('options of the operator', () => {
  const knownModels = new Map([['profile/abc', 'anthropic.claude-sonnet-4-5']]);
  const strictTool = { toolConfig: { tools: [{ toolSpec: { name: 'f', strict: true } }] } };

  it.each([
    ['chat-completions', { tools: [{ type: 'function', function: STRICT }] }, 'converse', strictTool],
    ['messages', { tools: [STRICT], max_tokens: 9 }, 'converse', strictTool],
    [
      'tokenize',
      { tools: [{ type: 'function', function: STRICT }] },
      'count-tokens',
      { input: { converse: strictTool } },
    ],
  ] as const)(
    'G30: give a model the abilities of another in %s and keep its name',
    (endpoint, members, method, body) => {
      expect(sent(endpoint, members, { knownModels })).toMatchObject({
        path: `/model/arn:aws:bedrock:us-east-1:1:application-inference-profile%2Fabc/${method}`,
        body,
      });
      expect(sent(endpoint, members, {}).body).not.toMatchObject(body);
    },
  );

  it.each(['chat-completions', 'messages'] as const)(
    'G30: are the bound of which half is for thinking when the client of %s names none',
    (endpoint) => {
      const { body } = sent(endpoint, { thinking: { type: 'enabled' } }, { knownModels, defaultMaxTokens: 10_000 });
      expect(body).toMatchObject({
        inferenceConfig: {},
        additionalModelRequestFields: { thinking: { budget_tokens: 5000 } },
      });
    },
  );

  it.each([
    [400, 'invalid_request_error', 'invalid_request_error'],
    [403, 'permission_error', 'permission_error'],
    [404, 'not_found_error', 'not_found_error'],
    [408, 'internal_server_error', 'timeout_error'],
    [413, 'internal_server_error', 'request_too_large'],
    [424, 'internal_server_error', 'api_error'],
    [429, 'rate_limit_error', 'rate_limit_error'],
    [500, 'internal_server_error', 'api_error'],
    [503, 'service_unavailable_error', 'overloaded_error'],
    [529, 'internal_server_error', 'overloaded_error'],
  ])("G49: name an error of status %i %s, or %s by Anthropic's documentation", (status, reference, documented) => {
    const typeOf = (usesDocumentedErrorTypes: boolean) => {
      const exchange = started('messages', { max_tokens: 9 }, { usesDocumentedErrorTypes });
      const head = responseHead(status, { 'content-type': 'application/json' });
      const { body } = exchange.error(head, Buffer.from('{"message":"no"}'));
      return (JSON.parse(Buffer.from(body!).toString()) as { error: { type: string } }).error.type;
    };
    expect([typeOf(false), typeOf(true)]).toEqual([reference, documented]);
  });
});
