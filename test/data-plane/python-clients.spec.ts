import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { within } from '../harness/eventually.js';
import { STORY, storyAnswer } from '../harness/provider-answers.js';
import { RunningProcess } from '../harness/running-process.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

/** Set by `npm run test:data-plane`: folder with the Python packages `openai`, `anthropic` and `cohere`. */
const packages = process.env['AIGW_TEST_PYTHONPATH'];
const isThere = packages !== undefined && existsSync(join(packages, 'cohere'));
// What a developer's machine lacks is skipped; a build machine must have everything.
const describeWithPython = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

const OPENAI = `
from openai import OpenAI
def client(case): return OpenAI(base_url=url + "/v1", api_key="k", max_retries=0, default_headers={"x-test-case": case})
ask = dict(model=model, messages=[{"role": "user", "content": "hello"}], tools=[{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}])
answer = client(cases[0]).chat.completions.create(**ask)
out["text"] = answer.choices[0].message.content
out["tokens"] = answer.usage.total_tokens
stream = client(cases[1]).chat.completions.create(stream=True, stream_options={"include_usage": True}, **ask)
parts = list(stream)
out["streamed"] = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
out["streamed_tokens"] = parts[-1].usage.total_tokens
out["models"] = [m.id for m in client(cases[0]).models.list()]
`;
const ANTHROPIC = `
from anthropic import Anthropic
def client(case): return Anthropic(base_url=url + "/anthropic", api_key="k", max_retries=0, default_headers={"x-test-case": case})
ask = dict(model=model, max_tokens=2048, messages=[{"role": "user", "content": "hello"}], tools=[{"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}])
answer = client(cases[0]).messages.create(**ask)
out["text"] = next(b.text for b in answer.content if b.type == "text")
out["tokens"] = answer.usage.input_tokens + answer.usage.cache_read_input_tokens + answer.usage.output_tokens
with client(cases[1]).messages.stream(**ask) as stream:
    final = stream.get_final_message()
out["streamed"] = next(b.text for b in final.content if b.type == "text")
out["streamed_tokens"] = final.usage.input_tokens + final.usage.cache_read_input_tokens + final.usage.output_tokens
`;
const COHERE = `
from cohere import ClientV2
import httpx
client = ClientV2("k", base_url=url + "/cohere", max_retries=0, httpx_client=httpx.Client(headers={"x-test-case": cases[0]}))
answer = client.rerank(model=model, query="q", documents=["a", "b"])
out["scores"] = [[r.index, r.relevance_score] for r in answer.results]
`;

const RANKED = [
  { index: 1, relevance_score: 0.75 },
  { index: 0, relevance_score: 0.25 },
];

describeWithPython('the Python packages (skipped without AIGW_TEST_PYTHONPATH)', () => {
  const world = useBackendOfEachSchema();

  async function run(script: string, model: string, cases: readonly string[]): Promise<unknown> {
    expect(packages).toBeDefined();
    const around = `import json, sys\nurl, model, cases, out = sys.argv[1], sys.argv[2], sys.argv[3:], {}\n${script}\nprint(json.dumps(out))`;
    const args = ['-c', around, world.gateway.baseUrl, model, ...cases];
    const python = new RunningProcess('python3', args, { PYTHONPATH: packages });
    const { code } = await within('Python to end', python.ended, 25_000);
    const output = python.tail();
    expect([code, output]).toEqual([0, expect.stringMatching(/^\{.*\}$/)]);
    return JSON.parse(output);
  }

  const tokens = STORY.inputTokens + STORY.outputTokens;
  const STORY_TOLD = { text: STORY.text, tokens, streamed: STORY.text, streamed_tokens: tokens };

  it.each(['OpenAI', 'AWSBedrock', 'Anthropic', 'GCPVertexAI'] as const)('openai chats with %s', async (schema) => {
    const cases = [newCase('python'), newCase('python')] as const;
    world.upstreams.provider.script(cases[0], storyAnswer(schema, false));
    world.upstreams.provider.script(cases[1], storyAnswer(schema, true));
    expect(await run(OPENAI, schema, cases)).toMatchObject(STORY_TOLD);
  });

  it.each(['Anthropic', 'AWSBedrock', 'AWSAnthropic', 'OpenAI', 'GCPVertexAI'] as const)(
    'anthropic talks to %s',
    async (schema) => {
      const cases = [newCase('python'), newCase('python')] as const;
      world.upstreams.provider.script(cases[0], storyAnswer(schema, false));
      world.upstreams.provider.script(cases[1], storyAnswer(schema, true));
      expect(await run(ANTHROPIC, schema, cases)).toMatchObject(STORY_TOLD);
    },
  );

  it.each([
    ['Cohere', { id: 'r', results: RANKED, meta: { api_version: { version: '2' } } }],
    ['AWSBedrock', { results: RANKED }],
    [
      'GCPVertexAI',
      {
        records: [
          { id: '1', score: 0.75 },
          { id: '0', score: 0.25 },
        ],
      },
    ],
  ] as const)('cohere reranks with %s', async (schema, answer) => {
    const caseId = newCase('python');
    world.upstreams.provider.script(caseId, json(answer));
    expect(await run(COHERE, schema, [caseId])).toEqual({
      scores: [
        [1, 0.75],
        [0, 0.25],
      ],
    });
  });
});
