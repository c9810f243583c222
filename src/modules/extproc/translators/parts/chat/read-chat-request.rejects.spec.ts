import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import { parseJson, type JsonObject } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import { readChatRequest } from './read-chat-request.js';

const read = (members: object) =>
  readChatRequest(parseJson(JSON.stringify({ messages: [], ...members })) as JsonObject, false);
const errorOf = (act: () => unknown) => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Error;
  }
};

describe('what is not of the API', () => {
  const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
  const assistant = (members: object) => ({ messages: [{ role: 'assistant', ...members }] });
  const USER_TYPES = '"text", "image_url", "input_audio", "audio_url", "video_url" or "file"';

  it.each<[object, string]>([
    [{ messages: undefined }, '"messages" must be an array, found nothing'],
    [{ messages: null }, '"messages" must be an array, found null'],
    [{ messages: {} }, '"messages" must be an array, found an object'],
    [{ messages: ['a'] }, '"messages[0]" must be an object, found a string'],
    [
      { messages: [{ content: 'a' }] },
      '"messages[0].role" must be "system", "developer", "user", "assistant" or "tool", found nothing',
    ],
    [
      { messages: [{ role: 'function', content: 'a' }] },
      '"messages[0].role" must be "system", "developer", "user", "assistant" or "tool", found "function"',
    ],
    [
      { messages: [{ role: 'constructor', content: 'a' }] },
      '"messages[0].role" must be "system", "developer", "user", "assistant" or "tool", found "constructor"',
    ],
    [{ messages: [{ role: 'user', content: 'a', name: 1 }] }, '"messages[0].name" must be a string, found a number'],
    [
      { messages: [{ role: 'system', content: null }] },
      '"messages[0].content" must be a string or an array of text parts, found null',
    ],
    [
      { messages: [{ role: 'tool', tool_call_id: 'c', content: {} }] },
      '"messages[0].content" must be a string or an array of text parts, found an object',
    ],
    [
      { messages: [{ role: 'system', content: [{ type: 'image_url' }] }] },
      '"messages[0].content[0].type" must be "text", found "image_url"',
    ],
    [
      { messages: [{ role: 'system', content: [{}] }] },
      '"messages[0].content[0].text" must be a string, found nothing',
    ],
    [{ messages: [{ role: 'tool', content: 'a' }] }, '"messages[0].tool_call_id" must be a string, found nothing'],
    [user(1), '"messages[0].content" must be a string or an array of parts, found a number'],
    [user({ type: 'text' }), '"messages[0].content" must be a string or an array of parts, found an object'],
    [user(['a']), '"messages[0].content[0]" must be an object, found a string'],
    [user([{ text: 'a' }]), `"messages[0].content[0].type" must be ${USER_TYPES}, found nothing`],
    [user([{ type: 'refusal' }]), `"messages[0].content[0].type" must be ${USER_TYPES}, found "refusal"`],
    [user([{ type: 'text' }]), '"messages[0].content[0].text" must be a string, found nothing'],
    [
      user([{ type: 'image_url', image_url: 'u' }]),
      '"messages[0].content[0].image_url" must be an object, found a string',
    ],
    [
      user([{ type: 'image_url', image_url: {} }]),
      '"messages[0].content[0].image_url.url" must be a string, found nothing',
    ],
    [
      user([{ type: 'input_audio', input_audio: { data: 'a' } }]),
      '"messages[0].content[0].input_audio.format" must be a string, found nothing',
    ],
    [user([{ type: 'video_url' }]), '"messages[0].content[0].video_url" must be an object, found nothing'],
    [user([{ type: 'file', file: null }]), '"messages[0].content[0].file" must be an object, found null'],
    [
      user([{ type: 'text', text: 'a', cache_control: 'ephemeral' }]),
      '"messages[0].content[0].cache_control" must be an object, found a string',
    ],
    [assistant({ content: 1 }), '"messages[0].content" must be a string, a part or an array of parts, found a number'],
    [assistant({ content: [{ type: 1 }] }), '"messages[0].content[0].type" must be a string, found a number'],
    [
      assistant({ content: [{ type: 'redacted_thinking', redactedContent: {} }] }),
      '"messages[0].content[0].redactedContent" must be a string, found an object',
    ],
    [assistant({ tool_calls: {} }), '"messages[0].tool_calls" must be an array, found an object'],
    [assistant({ tool_calls: [1] }), '"messages[0].tool_calls[0]" must be an object, found a number'],
    [assistant({ tool_calls: [{}] }), '"messages[0].tool_calls[0].function" must be an object, found nothing'],
    [
      assistant({ tool_calls: [{ function: {} }] }),
      '"messages[0].tool_calls[0].function.name" must be a string, found nothing',
    ],
    [
      assistant({ tool_calls: [{ function: { name: 'f', arguments: {} } }] }),
      '"messages[0].tool_calls[0].function.arguments" must be a string, found an object',
    ],
    [
      assistant({ tool_calls: [{ id: 1, function: { name: 'f' } }] }),
      '"messages[0].tool_calls[0].id" must be a string, found a number',
    ],
    [assistant({ refusal: [] }), '"messages[0].refusal" must be a string, found an array'],
    [assistant({ thinking_blocks: 'a' }), '"messages[0].thinking_blocks" must be an array, found a string'],
    [
      assistant({ thinking_blocks: [{ type: 'text' }] }),
      '"messages[0].thinking_blocks[0].type" must be "thinking" or "redacted_thinking", found "text"',
    ],
    [
      assistant({ thinking_blocks: [{ type: 'redacted_thinking' }] }),
      '"messages[0].thinking_blocks[0].data" must be a string, found nothing',
    ],
    [
      assistant({ reasoning_content: 1 }),
      '"messages[0].reasoning_content" must be a string or an object, found a number',
    ],
    [{ max_tokens: 1.5 }, '"max_tokens" must be an integer, found a number'],
    [{ max_completion_tokens: '1' }, '"max_completion_tokens" must be an integer, found a string'],
    [{ temperature: '1' }, '"temperature" must be a number, found a string'],
    [{ temperature: parseJson('1e999') }, '"temperature" must be a number below 1.8e308, found a larger one'],
    [{ n: true }, '"n" must be an integer, found a boolean'],
    [{ seed: [] }, '"seed" must be an integer, found an array'],
    [{ logprobs: 1 }, '"logprobs" must be a boolean, found a number'],
    [{ stop: 1 }, '"stop" must be a string or an array of strings, found a number'],
    [{ stop: ['a', 1] }, '"stop" must be an array of strings, found an array'],
    [{ user: {} }, '"user" must be a string, found an object'],
    [{ tools: {} }, '"tools" must be an array, found an object'],
    [{ tools: [null] }, '"tools[0]" must be an object, found null'],
    [{ tools: [{ type: 1 }] }, '"tools[0].type" must be a string, found a number'],
    [{ tools: [{ function: [] }] }, '"tools[0].function" must be an object, found an array'],
    [{ tools: [{ function: {} }] }, '"tools[0].function.name" must be a string, found nothing'],
    [{ tool_choice: 1 }, '"tool_choice" must be a string or an object, found a number'],
    [{ tool_choice: [] }, '"tool_choice" must be a string or an object, found an array'],
    [{ response_format: 'text' }, '"response_format" must be an object, found a string'],
    [
      { response_format: { type: 'grammar' } },
      '"response_format.type" must be "text", "json_object" or "json_schema", found "grammar"',
    ],
    [{ response_format: { type: 'json_schema' } }, '"response_format.json_schema" must be an object, found nothing'],
    [{ thinking: 'enabled' }, '"thinking" must be an object, found a string'],
    [{ thinking: { type: 'auto' } }, '"thinking.type" must be "enabled", "disabled" or "adaptive", found "auto"'],
    [{ thinking: {} }, '"thinking.type" must be a string, found nothing'],
    [
      { thinking: { type: 'enabled', budget_tokens: 'a' } },
      '"thinking.budget_tokens" must be an integer, found a string',
    ],
    [{ guided_choice: 'a' }, '"guided_choice" must be an array of strings, found a string'],
    [{ generationConfig: 'a' }, '"generationConfig" must be an object, found a string'],
    [
      { generationConfig: { media_resolution: 1 } },
      '"generationConfig.media_resolution" must be a string, found a number',
    ],
  ])('%j', (members, text) => {
    expect(errorOf(() => read(members))).toEqual(new MalformedRequestError(`malformed request: ${text}`));
  });

  it.each<[object, string]>([
    [
      { messages: [{ role: 'system' }] },
      '"messages[0].content" must be a string or an array of text parts, found nothing',
    ],
    [
      { messages: [{ role: 'tool', tool_call_id: 'c' }] },
      '"messages[0].content" must be a string or an array of text parts, found nothing',
    ],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ type: 'custom', custom: { name: 'f', input: 'x' } }] }] },
      '"messages[0].tool_calls[0]" calls a custom tool, which this backend cannot take: declare the tool as a function',
    ],
  ])('but of servers that speak it: %j', (members, text) => {
    const error = errorOf(() => read(members));
    expect(error).toEqual(new UserFacingError(text));
    expect(error).not.toBeInstanceOf(MalformedRequestError);
  });

  it.each([
    ['function', '"tool_choice" must be "auto", "none", "required" or an object that names a tool, found "function"'],
    ['two words', '"tool_choice" must be "auto", "none", "required" or an object that names a tool, found a string'],
    [{ type: 'function' }, '"tool_choice.function.name" must be the name of a tool, found nothing'],
    [
      { type: 'function', function: { name: '' } },
      '"tool_choice.function.name" must be the name of a tool, found a string',
    ],
    [{ type: 'custom', custom: {} }, '"tool_choice.custom.name" must be the name of a tool, found nothing'],
    [
      { type: 'mcp', server_label: 's' },
      '"tool_choice.type" must be "function", "custom" or "allowed_tools" for this backend, found "mcp"',
    ],
    [{}, '"tool_choice.type" must be "function", "custom" or "allowed_tools" for this backend, found nothing'],
    [{ type: 'allowed_tools' }, '"tool_choice.allowed_tools.tools" must name at least one tool'],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'all' } },
      '"tool_choice.allowed_tools.mode" must be "auto" or "required", found "all"',
    ],
    [
      { type: 'allowed_tools', allowed_tools: { tools: [{ type: 'function', name: 'f' }] } },
      '"tool_choice.allowed_tools.tools[0].function.name" must be the name of a tool, found nothing',
    ],
  ])('G53: refuses the choice %j as nothing that a provider can do', (choice, text) => {
    const error = errorOf(() => read({ tool_choice: choice }));
    expect(error).toEqual(new UserFacingError(text));
    expect(error).not.toBeInstanceOf(MalformedRequestError);
  });
});
