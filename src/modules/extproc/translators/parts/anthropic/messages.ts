import { isJsonObject, parseJsonLeniently } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type {
  AssistantMessage,
  ChatMessage,
  SystemMessage,
  ToolCall,
  ToolMessage,
  UserMessage,
  UserPart,
} from '../chat/chat-request.js';
import { parseToolArguments } from '../chat/tool-arguments.js';
import { isBlank, type Block, type CacheMarkers } from './block.js';
import { fileBlock, imageBlock } from './media-blocks.js';
import { refusal } from './refusal.js';
import { replayedThinking, thinkingPart } from './replayed-thinking.js';
import { toolUseId } from './tool-use-id.js';
import { joinTurns, type Turn } from './turns.js';

export interface Conversation {
  readonly system: readonly Block[];
  readonly turns: readonly Turn[];
}

/** What the converters of all messages of a request share. */
interface Context {
  readonly markers: CacheMarkers;
  readonly receipt: Receipt;
}

/**
 * A chat as Claude takes it.
 * @throws {UserFacingError} 422 for what Claude cannot be told
 * @see spec translators.md 5.4, "Messages", and 5.5
 */
export function convertMessages(messages: readonly ChatMessage[], context: Context): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.name !== undefined) context.receipt.drop(`${message.path}.name`);
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...systemBlock(message, context));
        break;
      case 'user':
        turns.push({ role: 'user', content: userBlocks(message, context) });
        break;
      case 'assistant':
        turns.push({ role: 'assistant', content: assistantBlocks(message, context) });
        break;
      case 'tool':
        turns.push({ role: 'user', content: [toolResult(message, context)] });
        break;
    }
  }
  return { system, turns: joinTurns(turns) };
}

/** One block for each message; none for blank text (translators.md G19). */
function systemBlock({ parts }: SystemMessage, { markers }: Context): readonly Block[] {
  const text = parts.map((part) => part.text).join('');
  if (isBlank(text)) return [];
  const block = { type: 'text', text };
  const marked = parts.findLast((part) => part.cacheControl !== undefined);
  if (marked) markers.mark(block, marked.cacheControl, marked.path);
  return [block];
}

const userBlocks = ({ parts }: UserMessage, context: Context): readonly Block[] =>
  parts.flatMap((part) => inputBlock(part, context));

function inputBlock(part: UserPart, { markers, receipt }: Context): readonly Block[] {
  const block = readInput(part, receipt);
  if (block === undefined) return [];
  markers.mark(block, part.cacheControl, part.path);
  return [block];
}

function readInput(part: UserPart, receipt: Receipt): Block | undefined {
  switch (part.type) {
    case 'text':
      return isBlank(part.text) ? undefined : { type: 'text', text: part.text };
    case 'image_url':
      return imageBlock(part, receipt);
    case 'file':
      return fileBlock(part);
    case 'input_audio':
    case 'audio_url':
    case 'video_url':
      throw refusal(part.path, part.type, 'text, an image, a PDF or a text file');
  }
}

/** Thinking first, calls last: so Claude wrote them. */
function assistantBlocks(message: AssistantMessage, context: Context): readonly Block[] {
  if (message.hasAudio) context.receipt.drop(`${message.path}.audio`);
  const refused = message.refusal ?? '';
  return [
    ...replayedThinking(message, context.receipt),
    ...message.parts.flatMap((part) => assistantBlock(part, context)),
    ...(isBlank(refused) ? [] : [{ type: 'text', text: refused }]),
    ...message.toolCalls.map((call) => toolUse(call, context)),
  ];
}

function assistantBlock(part: AssistantMessage['parts'][number], context: Context): readonly Block[] {
  switch (part.type) {
    case 'text':
      return inputBlock(part, context);
    case 'refusal':
      return isBlank(part.refusal) ? [] : [{ type: 'text', text: part.refusal }];
    case 'thinking':
    case 'redacted_thinking':
      return thinkingPart(part, context.receipt);
    case 'unknown':
      throw refusal(part.path, 'a part of another type', 'text, refusal, thinking or redacted_thinking');
  }
}

function toolUse(call: ToolCall, { markers }: Context): Block {
  if (!call.id) throw refusal(call.path, 'no "id"', 'the id that the call had in the answer');
  const block = { type: 'tool_use', id: toolUseId(call.id), name: call.name, input: parseToolArguments(call) };
  markers.mark(block, call.cacheControl, call.path);
  return block;
}

function toolResult(message: ToolMessage, context: Context): Block {
  const content = message.parts.flatMap((part) => inputBlock(part, context));
  const block: Block = {
    type: 'tool_result',
    tool_use_id: toolUseId(message.toolCallId),
    ...(content.length === 0 ? {} : { content }),
    is_error: tellsError(message),
  };
  const last = message.parts.at(-1);
  if (message.cacheControl) context.markers.mark(block, message.cacheControl, message.path);
  else if (last?.cacheControl) context.markers.mark(block, last.cacheControl, last.path);
  return block;
}

/** OpenAI's dialect has no place for it: a result that is the text of an object with a member `error` is taken for one. */
function tellsError({ parts, isPlain }: ToolMessage): boolean {
  const [part] = parts;
  if (!isPlain || part?.type !== 'text' || !part.text.trimStart().startsWith('{')) return false;
  const value = parseJsonLeniently(Buffer.from(part.text));
  return isJsonObject(value) && Object.hasOwn(value, 'error');
}
