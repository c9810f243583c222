import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        { model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] },
        { model: 'renamed', backends: [{ name: 'default/openai', upstream: openai, modelNameOverride: 'other' }] },
      ],
    },
  ],
  routeCosts: [{ metadataKey: 'used', type: 'TotalToken', routeName: 'default/somewhere-else' }],
}));

async function sent(body: string, path = '/v1/chat/completions'): Promise<string> {
  const caseId = newCase('forced');
  const response = await world.gateway.send(path, { caseId, body });
  expect(response.status).toBe(200);
  const request = world.upstreams.openai.request(caseId);
  expect(request.headers['content-length']).toBe(String(request.body.length));
  return request.body.toString();
}

describe('usage of a stream when some cost is configured', () => {
  it.each([
    [
      'asked for when the client says nothing',
      '{"model":"gpt-x","stream":true,"seed":9007199254740993,"b":1.0,"a":[ 1,2 ]}',
      '{"stream_options":{"include_usage":true},"model":"gpt-x","stream":true,"seed":9007199254740993,"b":1.0,"a":[ 1,2 ]}',
    ],
    [
      'asked for when the client declined, and its other options stay',
      '{"stream":true,"stream_options":{ "include_obfuscation":false,"include_usage" : false },"model":"gpt-x"}',
      '{"stream":true,"stream_options":{ "include_obfuscation":false,"include_usage" : true },"model":"gpt-x"}',
    ],
    [
      'asked for when the options name other things only',
      '{"stream":true,"stream_options":{"x":1},"model":"gpt-x"}',
      '{"stream":true,"stream_options":{"include_usage":true,"x":1},"model":"gpt-x"}',
    ],
    [
      'asked for when the options are null',
      '{"stream":true,"stream_options":null,"model":"gpt-x"}',
      '{"stream":true,"stream_options":{"include_usage":true},"model":"gpt-x"}',
    ],
    [
      'left alone when the client asks for it',
      '{"model":"gpt-x","stream" :true,"stream_options":{"include_usage":true}}',
      '{"model":"gpt-x","stream" :true,"stream_options":{"include_usage":true}}',
    ],
    ['left alone without a stream', '{"model":"gpt-x","stream":false}', '{"model":"gpt-x","stream":false}'],
    [
      'asked for beside an override',
      '{"model":"renamed","stream":true,"seed":9007199254740993}',
      '{"stream_options":{"include_usage":true},"model":"other","stream":true,"seed":9007199254740993}',
    ],
  ])('is %s', async (_, body, expected) => {
    expect(await sent(body)).toBe(expected);
  });

  it('is asked for in completions, and never in embeddings', async () => {
    const body = '{"model":"gpt-x","stream":true}';
    expect(await sent(body, '/v1/completions')).toContain('"include_usage":true');
    expect(await sent(body, '/v1/embeddings')).toBe(body);
  });
});
