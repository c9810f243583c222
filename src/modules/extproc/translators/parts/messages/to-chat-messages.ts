import { UserFacingError } from '../../../../../shared/errors.js';
import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { shownWord } from '../request-fields.js';
import type { ContentBlock, InputMessage, SystemBlock, ToolResultBlock } from './messages-request.js';
import { dropCacheControl, toContentParts, toToolText, type ChatContentPart } from './to-chat-content.js';

/** `system` and messages as those of chat completions. @throws {UserFacingError} @see spec translators.md 11.5 and G20 */
export function toChatMessages(
  system: readonly SystemBlock[],
  messages: readonly InputMessage[],
  receipt: Receipt,
): JsonObject[] {
  const converted = messages.flatMap((message) => toMessages(message, receipt));
  return [...systemMessage(system, receipt), ...resultsBehindCalls(converted)];
}

/** Between calls and their results OpenAI takes no other message: a system message there goes behind the results. */
function resultsBehindCalls(messages: readonly JsonObject[]): JsonObject[] {
  const ordered: JsonObject[] = [];
  let held: JsonObject[] = [];
  const release = () => {
    for (const message of held) ordered.push(message);
    held = [];
  };
  for (const message of messages) {
    if (message['role'] === 'system') {
      held.push(message);
      continue;
    }
    if (message['role'] !== 'tool') release();
    ordered.push(message);
  }
  release();
  return ordered;
}

function toMessages(message: InputMessage, receipt: Receipt): JsonObject[] {
  switch (message.role) {
    case 'user':
      return userMessages(message.content, receipt);
    case 'assistant':
      return assistantMessage(message.content, receipt);
    case 'system':
      return systemMessage(message.content, receipt);
    default:
      throw new UserFacingError(
        `"${message.path}.role" must be "user", "assistant" or "system" for a backend of schema OpenAI, found ${shownWord(message.role)}`,
      );
  }
}

/** None when there is no text. */
function systemMessage(blocks: readonly ContentBlock[], receipt: Receipt): JsonObject[] {
  const content = textOf(blocks, receipt);
  return content === '' ? [] : [{ role: 'system', content }];
}

/** Results of tools must follow right behind the calls, so they come first, each as a message. */
function userMessages(blocks: readonly ContentBlock[], receipt: Receipt): JsonObject[] {
  const isResult = (block: ContentBlock): block is ToolResultBlock => block.type === 'tool_result';
  const results = blocks.filter(isResult).map((block) => ({ block, ...toToolText(block, receipt) }));
  const others = toContentParts(
    blocks.filter((block) => !isResult(block)),
    receipt,
  );
  const content = plainOrParts([...results.flatMap(({ media }) => media), ...others]);
  return [
    ...results.map(({ block, text }) => ({ role: 'tool', tool_call_id: block.toolUseId, content: text })),
    ...(content === '' ? [] : [{ role: 'user', content }]),
  ];
}

/** Many servers take text only as one string. */
function plainOrParts(parts: readonly ChatContentPart[]): string | readonly ChatContentPart[] {
  return parts.every((part) => part.type === 'text') ? parts.map(({ text }) => text).join('') : parts;
}

/** None when nothing is left: thinking cannot be replayed, OpenAI refuses parts that it does not know. */
function assistantMessage(blocks: readonly ContentBlock[], receipt: Receipt): JsonObject[] {
  const calls = blocks.flatMap((block) => {
    if (block.type !== 'tool_use') return [];
    dropCacheControl(block, receipt);
    const { id, name, input } = block;
    return [{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }];
  });
  const content = textOf(
    blocks.filter(({ type }) => type !== 'tool_use'),
    receipt,
  );
  if (calls.length === 0) return content === '' ? [] : [{ role: 'assistant', content }];
  return [{ role: 'assistant', content: content === '' ? null : content, tool_calls: calls }];
}

/** The text blocks joined; others are told in the receipt. */
function textOf(blocks: readonly ContentBlock[], receipt: Receipt): string {
  let text = '';
  for (const block of blocks) {
    if (block.type === 'text') {
      dropCacheControl(block, receipt);
      text += block.text;
    } else {
      receipt.drop(block.path);
    }
  }
  return text;
}
