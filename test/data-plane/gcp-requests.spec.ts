import { describe, expect, it } from '@jest/globals';
import { json, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { BackendDocument } from '../harness/gateway-plan.js';
import { toldAnswer } from '../harness/told-answers.js';
import { useWorld } from '../harness/world.js';

const gcp = { accessToken: 'ya29.PLANTED-configured', region: 'europe-west4', projectName: 'my-project' };
const BACKENDS: Readonly<Record<string, BackendDocument>> = {
  gemini: { schema: { name: 'GCPVertexAI' }, modelNameOverride: 'gemini-2.5-pro', auth: { gcp } },
  vertex: { schema: { name: 'GCPAnthropic' }, modelNameOverride: 'claude-sonnet-4-5', auth: { gcp } },
  'gemini-brought': {
    schema: { name: 'GCPVertexAI' },
    modelNameOverride: 'gemini-2.5-pro',
    auth: { gcp, credentialOverride: { headerName: 'x-team-gcp', fallbackToConfigured: false } },
  },
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

async function send(path: string, body: object, answer: Answer, headers: Readonly<Record<string, string>>) {
  const caseId = newCase('gcp');
  world.upstreams.provider.script(caseId, answer);
  const { status } = await world.gateway.send(path, { caseId, body, headers });
  return { status, sent: world.upstreams.provider.request(caseId) };
}

const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const messages = { messages: [{ role: 'user', content: 'hi' }], max_tokens: 9 };
const chat = messages;

describe('a request to Google Cloud', () => {
  const PREFIX = '/v1/projects/my-project/locations/europe-west4/publishers';
  const google = toldAnswer('GCPVertexAI', [{ text: 'ok' }]);
  const CLIENT = { authorization: 'Bearer PLANTED-client', 'x-goog-api-key': 'PLANTED-client-key' };

  it.each<[string, string, string, object, Answer, string]>([
    ['a chat', 'gemini', CHAT, chat, google, '/google/models/gemini-2.5-pro:generateContent'],
    [
      'a streamed chat',
      'gemini',
      CHAT,
      { ...chat, stream: true },
      toldAnswer('GCPVertexAI', [{ text: 'ok' }], true),
      '/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    ],
    [
      'messages',
      'vertex',
      MESSAGES,
      messages,
      toldAnswer('GCPAnthropic', [{ text: 'ok' }]),
      '/anthropic/models/claude-sonnet-4-5:rawPredict',
    ],
    [
      'counting',
      'vertex',
      `${MESSAGES}/count_tokens`,
      { messages: messages.messages },
      json({ input_tokens: 1 }),
      '/anthropic/models/count-tokens:rawPredict',
    ],
  ])('has project, region and the configured token for %s', async (_, model, path, body, answer, expectedPath) => {
    const { status, sent } = await send(path, { model, ...body }, answer, CLIENT);
    expect([status, sent.path, sent.headers['authorization']]).toEqual([
      200,
      PREFIX + expectedPath,
      'Bearer ya29.PLANTED-configured',
    ]);
    expect(sent.headers).not.toHaveProperty('x-goog-api-key');
  });

  it('has the token that the caller brings, whose header ends at the gateway', async () => {
    const headers = { ...CLIENT, 'x-team-gcp': 'ya29.PLANTED-brought' };
    const { sent } = await send(CHAT, { model: 'gemini-brought', ...chat }, google, headers);
    expect(sent.headers['authorization']).toBe('Bearer ya29.PLANTED-brought');
    expect(sent.path).toBe(`${PREFIX}/google/models/gemini-2.5-pro:generateContent`);
    expect(sent.headers).not.toHaveProperty('x-team-gcp');
  });

  it('is refused when the caller must bring a token and does not', async () => {
    const caseId = newCase('gcp');
    const response = await world.gateway.send(CHAT, {
      caseId,
      body: { model: 'gemini-brought', ...chat },
      headers: CLIENT,
    });
    expect([response.status, response.json()]).toEqual([
      401,
      expect.objectContaining({ error: expect.objectContaining({ message: 'missing upstream credential' }) }),
    ]);
    expect(world.upstreams.provider.requests(caseId)).toEqual([]);
  });
});
