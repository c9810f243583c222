import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { RunningProcess } from '../harness/running-process.js';
import { within } from '../harness/eventually.js';
import { useWorld } from '../harness/world.js';

/** Set by `npm run test:data-plane`: folder with the Python package `openai`. */
const packages = process.env['AIGW_TEST_PYTHONPATH'];
const isThere = packages !== undefined && existsSync(join(packages, 'openai'));
// What a developer's machine lacks is skipped; a build machine must have everything.
const describeWithPython = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

const SMOKE = `
import json, sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="k", max_retries=0, default_headers={"x-test-case": sys.argv[2]})
stream_client = client.with_options(default_headers={"x-test-case": sys.argv[3]})
messages = [{"role": "user", "content": "hello"}]
answer = client.chat.completions.create(model="gpt-x", messages=messages)
parts = [p.choices[0].delta.content for p in stream_client.chat.completions.create(model="gpt-x", messages=messages, stream=True) if p.choices]
models = [m.id for m in client.models.list()]
print(json.dumps({"content": answer.choices[0].message.content, "tokens": answer.usage.total_tokens, "parts": parts, "models": models}))
`;

describeWithPython('the Python openai package (skipped without AIGW_TEST_PYTHONPATH)', () => {
  const world = useWorld(['openai'], ({ openai }) => ({
    routes: [
      { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
    ],
  }));

  it('chats, streams and lists models', async () => {
    expect(packages).toBeDefined();
    const [whole, stream] = [newCase('python'), newCase('python')];
    const base = { id: 'c', object: 'chat.completion', created: 1, model: 'm' };
    const message = { role: 'assistant', content: 'hi' };
    world.upstreams.openai.script(
      whole,
      json({
        ...base,
        choices: [{ index: 0, finish_reason: 'stop', message }],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      }),
    );
    const part = (content: string) =>
      event({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] });
    world.upstreams.openai.script(stream, chunked([part('one'), part('two'), DONE]));

    const args = ['-c', SMOKE, `${world.gateway.baseUrl}/v1`, whole, stream];
    const python = new RunningProcess('python3', args, { PYTHONPATH: packages });
    const { code } = await within('Python to end', python.ended, 25_000);

    expect([code, python.tail()]).toEqual([
      0,
      JSON.stringify({ content: 'hi', tokens: 3, parts: ['one', 'two'], models: ['gpt-x'] }).replaceAll(
        /([,:])/g,
        '$1 ',
      ),
    ]);
  });
});
