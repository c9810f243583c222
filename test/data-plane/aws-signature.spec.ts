import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import aws4 from 'aws4';
import { json, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { BackendDocument } from '../harness/gateway-plan.js';
import { anthropicClient, openaiClient } from '../harness/sdk-clients.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import { toldAnswer } from '../harness/told-answers.js';
import { useWorld } from '../harness/world.js';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Keys of no account; secrets hold what base64 holds. */
const keys = (): Keys => ({
  accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: `PLANTED-${randomBytes(24).toString('base64')}/+=`,
});
const CONFIGURED = keys();
const TEMPORARY = { ...keys(), sessionToken: `PLANTED-${randomBytes(90).toString('base64')}/+==` };
const BROUGHT = { ...keys(), sessionToken: 'PLANTED-brought/token+==' };

const fileOf = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) =>
  [
    '[default]',
    `aws_access_key_id=${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    ...(sessionToken === undefined ? [] : [`aws_session_token = ${sessionToken}`]),
    '',
  ].join('\n');

const REGION = 'eu-central-1';
const aws = { region: REGION, credentialFileLiteral: fileOf(CONFIGURED) };
const override = { headerName: 'x-team-aws-', fallbackToConfigured: false };
const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const ARN = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3';
const bedrock = (modelNameOverride: string, more: object = {}): BackendDocument => ({
  schema: { name: 'AWSBedrock' },
  modelNameOverride,
  auth: { aws },
  ...more,
});
const edits = { httpBodyMutation: { set: [{ path: 'requestMetadata', value: '{"team":"ü"}' }], remove: ['system'] } };

const BACKENDS: Readonly<Record<string, BackendDocument>> = {
  profile: bedrock(CLAUDE),
  arn: bedrock(ARN),
  strange: bedrock("a b/c'd(e)!*~,;?ü"),
  edited: bedrock(CLAUDE, edits),
  temporary: bedrock(CLAUDE, { auth: { aws: { ...aws, credentialFileLiteral: fileOf(TEMPORARY) } } }),
  brought: bedrock(CLAUDE, { auth: { aws, credentialOverride: override } }),
  optional: bedrock(CLAUDE, {
    auth: { aws, credentialOverride: { ...override, fallbackToConfigured: true } },
  }),
  titan: bedrock('amazon.titan-embed-text-v2:0'),
  claude: { ...bedrock(CLAUDE), schema: { name: 'AWSAnthropic' } },
  'claude-edited': {
    ...bedrock(CLAUDE, { httpBodyMutation: { remove: ['system'] } }),
    schema: { name: 'AWSAnthropic' },
  },
  // Bedrock's own endpoint that speaks OpenAI.
  openai: { schema: { name: 'OpenAI', prefix: 'openai/v1' }, auth: { aws } },
};

const world = useWorld(['provider'], ({ provider }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: Object.entries(BACKENDS).map(([model, document]) => ({
        model,
        backends: [{ name: `default/${model}`, upstream: provider, ...document }],
      })),
    },
  ],
}));

type Sent = { readonly caseId: string; readonly status: number; readonly sent: RecordedRequest };

async function send(
  path: string,
  body: object,
  answer: Answer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const caseId = newCase('sigv4');
  world.upstreams.provider.script(caseId, answer);
  const { status } = await world.gateway.send(path, { caseId, body, headers });
  return { caseId, status, sent: world.upstreams.provider.request(caseId) };
}

/** By the package aws4, over what the provider got. */
function signatureByAws4(sent: RecordedRequest, { accessKeyId, secretAccessKey, sessionToken }: Keys): string {
  const { headers } = aws4.sign(
    {
      service: 'bedrock',
      region: REGION,
      method: sent.method,
      path: sent.path,
      body: sent.body as never,
      headers: { Host: sent.headers['host']!, 'X-Amz-Date': sent.headers['x-amz-date']! },
      extraHeadersToIgnore: { 'content-length': true, 'content-type': true },
    } as aws4.Request,
    { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  );
  return String((headers as Record<string, unknown>)['Authorization']);
}

/** As AWS checks it: over the headers that the signature itself names. @see AWS General Reference, Signature Version 4 */
function signatureByService(sent: RecordedRequest, { secretAccessKey }: Keys): string {
  const claim = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=/.exec(
    sent.headers['authorization'] ?? '',
  );
  const [, scope = '', names = ''] = claim ?? [];
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const [path = '', query = ''] = sent.path.split('?');
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonical = [
    sent.method,
    path.split('/').map(escaped).join('/'),
    query,
    ...names.split(';').map((name) => `${name}:${sent.headers[name] ?? ''}`),
    '',
    names,
    hash(sent.body),
  ].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const text = ['AWS4-HMAC-SHA256', sent.headers['x-amz-date'], scope, hash(canonical)].join('\n');
  return hmac(key, text).toString('hex');
}

function expectSigned(sent: RecordedRequest, by: Keys): void {
  expect(sent.headers['authorization']).toBe(signatureByAws4(sent, by));
  expect(sent.headers['authorization']).toMatch(new RegExp(`Signature=${signatureByService(sent, by)}$`));
  expect(sent.headers['x-amz-security-token']).toBe(by.sessionToken);
  expect(sent.headers['content-length']).toBe(String(sent.body.length));
  expect(sent.headers).not.toHaveProperty('x-api-key');
}

const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const chat = {
  messages: [
    { role: 'system', content: 'Be brief – ü.' },
    { role: 'user', content: 'hi 😀' },
  ],
  max_tokens: 9,
};
const messages = { messages: [{ role: 'user', content: 'hi 😀' }], system: 'Be brief – ü.', max_tokens: 9 };
const escapedClaude = encodeURIComponent(CLAUDE).replace('%3A', ':');
const bedrockAnswer = (isStream = false) => toldAnswer('AWSBedrock', [{ text: 'ok' }], isStream);
const claudeAnswer = (isStream = false) => toldAnswer('AWSAnthropic', [{ text: 'ok' }], isStream);
const completion = toldAnswer('OpenAI', [{ text: 'ok' }]);

describe('a signature of AWS', () => {
  it.each<[string, string, object, Answer, string, Keys]>([
    ['a chat', CHAT, { model: 'profile', ...chat }, bedrockAnswer(), `/model/${escapedClaude}/converse`, CONFIGURED],
    [
      'a streamed chat',
      CHAT,
      { model: 'profile', stream: true, ...chat },
      bedrockAnswer(true),
      `/model/${escapedClaude}/converse-stream`,
      CONFIGURED,
    ],
    [
      'messages',
      MESSAGES,
      { model: 'profile', ...messages },
      bedrockAnswer(),
      `/model/${escapedClaude}/converse`,
      CONFIGURED,
    ],
    [
      'streamed messages',
      MESSAGES,
      { model: 'profile', stream: true, ...messages },
      bedrockAnswer(true),
      `/model/${escapedClaude}/converse-stream`,
      CONFIGURED,
    ],
    [
      'a model that is an ARN',
      CHAT,
      { model: 'arn', ...chat },
      bedrockAnswer(),
      `/model/${ARN.replace('/', '%2F')}/converse`,
      CONFIGURED,
    ],
    [
      'a model with characters that hardly any has',
      CHAT,
      { model: 'strange', ...chat },
      bedrockAnswer(),
      '/model/a%20b%2Fc%27d%28e%29%21%2A~%2C%3B%3F%C3%BC/converse',
      CONFIGURED,
    ],
    [
      'temporary credentials',
      CHAT,
      { model: 'temporary', ...chat },
      bedrockAnswer(),
      `/model/${escapedClaude}/converse`,
      TEMPORARY,
    ],
    [
      'Claude by InvokeModel',
      CHAT,
      { model: 'claude', ...chat },
      claudeAnswer(),
      `/model/${escapedClaude}/invoke`,
      CONFIGURED,
    ],
    [
      'a stream of Claude',
      MESSAGES,
      { model: 'claude', stream: true, ...messages },
      claudeAnswer(true),
      `/model/${escapedClaude}/invoke-with-response-stream`,
      CONFIGURED,
    ],
    [
      'counting',
      `${MESSAGES}/count_tokens`,
      { model: 'claude', messages: messages.messages },
      json({ inputTokens: 1 }),
      `/model/${escapedClaude.replace('eu.', '')}/count-tokens`,
      CONFIGURED,
    ],
    [
      'embeddings',
      '/v1/embeddings',
      { model: 'titan', input: 'hi' },
      json({ embedding: [1], inputTextTokenCount: 1 }),
      '/model/amazon.titan-embed-text-v2:0/invoke',
      CONFIGURED,
    ],
    [
      'a body that goes through as it came (X14)',
      CHAT,
      { model: 'openai', ...chat },
      completion,
      '/openai/v1/chat/completions',
      CONFIGURED,
    ],
  ])('is right for %s', async (_, path, body, answer, expectedPath, by) => {
    const { status, sent } = await send(path, body, answer);
    expect([status, sent.path]).toEqual([200, expectedPath]);
    expectSigned(sent, by);
  });

  it.each([
    ['edited', CHAT, chat, bedrockAnswer()],
    ['claude-edited', MESSAGES, messages, claudeAnswer()],
  ])('covers what the mutation of %s made of the translated body', async (model, path, body, answer) => {
    const { status, sent } = await send(path, { model, ...body }, answer);
    expect(status).toBe(200);
    expect(sent.body.toString()).not.toContain('Be brief');
    expectSigned(sent, CONFIGURED);
  });

  it('covers the metadata that a mutation sets', async () => {
    const { sent } = await send(CHAT, { model: 'edited', ...chat }, bedrockAnswer());
    expect(JSON.parse(sent.body.toString())).toMatchObject({ requestMetadata: { team: 'ü' } });
  });

  it('is of the key that the caller brings, whose headers end at the gateway', async () => {
    const headers = {
      'x-team-aws-access-key-id': BROUGHT.accessKeyId,
      'x-team-aws-secret-access-key': BROUGHT.secretAccessKey,
      'x-team-aws-session-token': BROUGHT.sessionToken,
    };
    for (const model of ['brought', 'optional']) {
      const { status, sent } = await send(CHAT, { model, ...chat }, bedrockAnswer(), headers);
      expect(status).toBe(200);
      expectSigned(sent, BROUGHT);
      expect(Object.keys(sent.headers).filter((name) => name.startsWith('x-team-'))).toEqual([]);
    }
  });

  it('is of the configured key when the caller may bring one and does not', async () => {
    const { status, sent } = await send(CHAT, { model: 'optional', ...chat }, bedrockAnswer());
    expect(status).toBe(200);
    expectSigned(sent, CONFIGURED);
  });
});

describe('credentials that a caller brings by half', () => {
  const id = { 'x-team-aws-access-key-id': BROUGHT.accessKeyId };
  const secret = { 'x-team-aws-secret-access-key': BROUGHT.secretAccessKey };
  const token = { 'x-team-aws-session-token': BROUGHT.sessionToken };

  it.each<[string, Readonly<Record<string, string>>]>([
    ['no secret', id],
    ['no key id', secret],
    ['a session token alone', token],
    ['a secret that is blank', { ...id, 'x-team-aws-secret-access-key': ' ' }],
  ])('are refused, even where there are others: %s', async (_, headers) => {
    for (const model of ['brought', 'optional']) {
      const caseId = newCase('half');
      const response = await world.gateway.send(CHAT, { caseId, body: { model, ...chat }, headers });
      expect(response.status).toBe(401);
      expect(response.json()).toMatchObject({ error: { type: 'Unauthorized', code: '401' } });
      expect(response.text).not.toContain(BROUGHT.secretAccessKey);
      expect(world.upstreams.provider.requests(caseId)).toEqual([]);
      const { details } = await world.gateway.envoy.accessLog.entry(caseId);
      expect(details).toContain('aigw_incomplete_credential');
    }
  });

  it('are a missing credential where they must be brought and are not', async () => {
    const caseId = newCase('none');
    const response = await world.gateway.send(MESSAGES, { caseId, body: { model: 'brought', ...messages } });
    expect(response.status).toBe(401);
    expect(response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    expect(world.upstreams.provider.requests(caseId)).toEqual([]);
  });

  it('are errors of authentication for the SDKs', async () => {
    const caseId = newCase('sdk');
    const { chat: chats } = openaiClient(world.gateway, caseId, id);
    const { messages: dialogues } = anthropicClient(world.gateway, caseId, id);
    const user = [{ role: 'user' as const, content: 'hi' }];
    await expect(chats.completions.create({ model: 'brought', messages: user })).rejects.toMatchObject({ status: 401 });
    await expect(dialogues.create({ model: 'brought', messages: user, max_tokens: 9 })).rejects.toMatchObject({
      status: 401,
      error: { error: { type: 'authentication_error' } },
    });
  });
});
