import { describe, expect, it } from '@jest/globals';
import { startCell } from '../../../../../../test/harness/cell.js';
import { UserFacingError } from '../../../../../shared/errors.js';

interface Sent {
  readonly text: string;
  readonly body: {
    readonly messages: readonly { readonly role: string; readonly content: readonly object[] }[];
    readonly inferenceConfig: object;
    readonly toolConfig?: object;
    readonly additionalModelRequestFields?: object;
  };
  readonly dropped: readonly string[];
}

const HI = [{ role: 'user', content: 'hi' }];

function sent(members: object, endpoint: 'chat-completions' | 'messages' = 'chat-completions'): Sent {
  const body = JSON.stringify({ model: 'm', messages: HI, ...members });
  return sentText(body, endpoint);
}

function sentText(body: string, endpoint: 'chat-completions' | 'messages' = 'chat-completions'): Sent {
  const { request } = startCell(endpoint, 'AWSBedrock', { body });
  const text = Buffer.from(request.body!).toString();
  return { text, body: JSON.parse(text) as Sent['body'], dropped: request.dropped };
}

describe('chat → Converse', () => {
  it('G36: hands the numbers of tool arguments and schemas through as they are written', () => {
    const call = {
      id: 'a',
      type: 'function',
      function: { name: 'f', arguments: '{"big":12345678901234567890,"x":1.0}' },
    };
    const messages = [...HI, { role: 'assistant', tool_calls: [call] }];
    const tools = '[{"type":"function","function":{"name":"f","parameters":{"type":"object","maximum":1e400}}}]';
    const { text } = sentText(`{"model":"m","messages":${JSON.stringify(messages)},"tools":${tools}}`);
    expect(text).toContain('"input":{"big":12345678901234567890,"x":1.0}');
    expect(text).toContain('"maximum":1e400');
  });

  it('G16: reads blank tool arguments as {}', () => {
    const calls = ['', ' \n', 'null'].map((text, index) => ({
      id: `c${index}`,
      function: { name: 'f', arguments: text },
    }));
    const { body } = sent({ messages: [...HI, { role: 'assistant', tool_calls: calls }] });
    expect(body.messages[1]!.content).toEqual(
      calls.map(({ id }) => ({ toolUse: { name: 'f', toolUseId: id, input: {} } })),
    );
  });

  it('G17: gives a tool without parameters an empty schema', () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: null } }];
    expect(sent({ tools }).body.toolConfig).toEqual({
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  it('keeps names that JavaScript treats specially', () => {
    const tools =
      '[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"__proto__":{"type":"string"}}}}}]';
    const vendor = '{"__proto__":{"a":1},"constructor":2}';
    const { text } = sentText(
      `{"model":"m","messages":${JSON.stringify(HI)},"tools":${tools},"additionalModelRequestFields":${vendor}}`,
    );
    expect(text).toContain('"properties":{"__proto__":{"type":"string"}}');
    expect(text).toContain(`"additionalModelRequestFields":${vendor}`);
  });

  it('joins messages of very many parts', () => {
    const content = Array.from({ length: 160_000 }, () => ({ type: 'text', text: 'a' }));
    const messages = [
      { role: 'user', content },
      { role: 'user', content: 'b' },
    ];
    expect(sent({ messages }).body.messages[0]!.content).toHaveLength(160_001);
  });

  it('shows no data of a refused part', () => {
    const url = 'https://user:secret@example.com/a.png';
    const content = [{ type: 'image_url', image_url: { url } }];
    expect(() => sent({ messages: [{ role: 'user', content }] })).toThrow(
      new UserFacingError(
        'cannot send "messages[0].content[0].image_url.url" to AWSBedrock: found an address, expected a data: URI or an s3:// URI, since Converse fetches nothing else',
      ),
    );
  });

  it.each([
    ['anthropic.claude-sonnet-4-6', { thinking: { type: 'enabled', budget_tokens: 1024 } }, 'thinking'],
    ['us.amazon.nova-2-lite-v1:0', {}, 'inferenceConfig'],
    ['amazon.nova-pro-v1:0', {}, 'inferenceConfig'],
    ['mistral.mixtral-8x7b-instruct-v0:1', {}, 'top_k'],
    ['meta.llama3-70b-instruct-v1:0', {}, 'top_k'],
    [
      'arn:aws:bedrock:us-east-1:1:application-inference-profile/abc',
      { thinking: { type: 'disabled' } },
      'thinking,top_k',
    ],
    ['openai.gpt-oss-20b-1:0', { reasoning_effort: 'high' }, 'reasoning_effort,top_k'],
    ['qwen.qwen3-32b-v1:0', { reasoning_effort: 'high' }, 'reasoning_config,top_k'],
  ])('G51: asks %s in its own words', (model, members, names) => {
    const { body } = sent({ model, top_k: 5, ...members });
    expect(Object.keys(body.additionalModelRequestFields ?? {}).join()).toBe(names);
  });

  it('G51: leaves an effort that gpt-oss does not know out', () => {
    const { body, dropped } = sent({ model: 'openai.gpt-oss-20b-1:0', reasoning_effort: 'toString' });
    expect(body.additionalModelRequestFields).toBeUndefined();
    expect(dropped).toEqual(['reasoning_effort']);
  });

  it.each([
    [{ max_tokens: 1000 }, undefined, ['thinking']],
    [{ max_tokens: 1500 }, 1024, []],
    [{ max_tokens: 9000 }, 4500, []],
    [{}, 2048, []],
  ])('G50: thinks on older Claude without a budget of the client when %j', (limit, budget, dropped) => {
    const answer = sent({ model: 'anthropic.claude-sonnet-4-5', thinking: { type: 'enabled' }, ...limit });
    const thinking = budget === undefined ? undefined : { thinking: { type: 'enabled', budget_tokens: budget } };
    expect(answer.body.additionalModelRequestFields).toEqual(thinking);
    expect(answer.dropped).toEqual(dropped);
  });

  it.each([
    ['anthropic.claude-sonnet-4-5', { tool: { name: 'f' } }, []],
    ['arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x', { tool: { name: 'f' } }, []],
    ['amazon.nova-pro-v1:0', undefined, ['tool_choice']],
    ['m', undefined, ['tool_choice']],
  ])('5.3: takes the bare name of a tool as choice for Claude alone: %s', (model, toolChoice, dropped) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const answer = sent({ model, tools, tool_choice: 'f' });
    expect((answer.body.toolConfig as { toolChoice?: object }).toolChoice).toEqual(toolChoice);
    expect(answer.dropped).toEqual(dropped);
    expect(() => sent({ model, tools, tool_choice: 'g' })).toThrow('"tool_choice" must be "auto"');
  });

  it('does not think behind the beginning of an answer', () => {
    const { dropped } = sent({
      model: 'anthropic.claude-sonnet-4-5',
      messages: [...HI, { role: 'assistant', content: 'So' }],
      thinking: { type: 'enabled', budget_tokens: 1024 },
    });
    expect(dropped).toEqual(['thinking']);
  });

  it('G50: lowers an effort that Opus 5 has only while it thinks', () => {
    const { body, dropped } = sent({
      model: 'anthropic.claude-opus-5',
      thinking: { type: 'disabled' },
      reasoning_effort: 'max',
    });
    expect(body.additionalModelRequestFields).toEqual({
      thinking: { type: 'disabled' },
      output_config: { effort: 'high' },
    });
    expect(dropped).toEqual(['reasoning_effort']);
  });

  it('G29: makes no strict tool of a schema that cannot be enforced, and closes one that can', () => {
    const strict = (name: string, parameters: object) => ({
      type: 'function',
      function: { name, strict: true, parameters },
    });
    const { body, dropped } = sent({
      model: 'anthropic.claude-sonnet-4-5',
      tools: [
        strict('open', { type: 'object', additionalProperties: true }),
        strict('limited', { type: 'object', properties: { a: { type: 'string', maxLength: 3 } } }),
        strict('closed', { type: 'object', properties: {} }),
      ],
    });
    expect(dropped).toEqual(['tools[0].function.strict', 'tools[1].function.strict']);
    expect(body.toolConfig).toMatchObject({
      tools: [
        {},
        {},
        {
          toolSpec: {
            strict: true,
            inputSchema: { json: { type: 'object', properties: {}, additionalProperties: false } },
          },
        },
      ],
    });
  });
});

describe('thinking of earlier turns', () => {
  const unsigned = { type: 'thinking', thinking: 'hm' };
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
  const members = {
    'chat-completions': {
      messages: [
        ...HI,
        { role: 'assistant', thinking_blocks: [unsigned], tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
      ],
    },
    messages: {
      messages: [
        ...HI,
        { role: 'assistant', content: [unsigned, { type: 'tool_use', id: 'a', name: 'f', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'ok' }] },
      ],
    },
  };
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const reasoning = { reasoningContent: { reasoningText: { text: 'hm' } } };

  it.each([
    ['chat-completions', 'messages[1].thinking_blocks[0]'],
    ['messages', 'messages[1].content[0]'],
  ] as const)('G4: is left out of %s to Claude without a signature, which Claude demands', (endpoint, path) => {
    const { body, dropped } = sent({ model: 'anthropic.claude-opus-4-5', thinking, ...members[endpoint] }, endpoint);
    expect(body.messages[1]!.content).toEqual([{ toolUse: { name: 'f', toolUseId: 'a', input: {} } }]);
    // Without it there is no thinking before these calls either.
    expect(body.additionalModelRequestFields).toBeUndefined();
    expect(dropped).toEqual([path, 'thinking']);
  });

  it.each(['chat-completions', 'messages'] as const)('stays in %s to models that do not sign', (endpoint) => {
    const { body } = sent({ model: 'deepseek.v3-v1:0', ...members[endpoint] }, endpoint);
    expect(body.messages[1]!.content[0]).toEqual(reasoning);
  });
});

describe('messages → Converse', () => {
  const document = (members: object) => ({
    messages: [
      {
        role: 'user',
        content: [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' }, ...members }],
      },
    ],
  });

  it('promotes system messages alike when a retry starts again', () => {
    const members = { system: 'a', messages: [...HI, { role: 'system', content: 'b' }] };
    expect(sent(members, 'messages').text).toBe(sent(members, 'messages').text);
  });

  it('G20b: tells a document of another source', () => {
    const source = { type: 'mystery' };
    expect(() => sent(document({ source }), 'messages')).toThrow(
      new UserFacingError(
        'cannot send "messages[0].content[0].source" to AWSBedrock: found a source of another type, expected one of type base64',
      ),
    );
  });

  it('tells blocks of system messages and of documents that are no text', () => {
    const image = { type: 'image', source: { type: 'url', url: 'x' } };
    const { dropped } = sent(
      {
        messages: [
          { role: 'system', content: [image] },
          ...document({ source: { type: 'content', content: [image, { type: 'text', text: 'a' }] } }).messages,
        ],
      },
      'messages',
    );
    expect(dropped).toEqual(['messages[0].content[0]', 'messages[1].content[0].source.content[0]']);
  });

  it('hands betas of the body on to Claude alone', () => {
    const members = { anthropic_beta: ['context-1m-2025-08-07'] };
    expect(sent({ model: 'anthropic.claude-sonnet-4-5', ...members }, 'messages').body).toMatchObject({
      additionalModelRequestFields: members,
    });
    const { body, dropped } = sent(members, 'messages');
    expect(body.additionalModelRequestFields).toBeUndefined();
    expect(dropped).toEqual(['anthropic_beta']);
  });
});
