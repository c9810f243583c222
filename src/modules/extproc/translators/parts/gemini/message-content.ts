import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type {
  ContentBlock,
  DocumentBlock,
  InputMessage,
  MediaSource,
  ToolResultBlock,
} from '../messages/messages-request.js';
import { unknownWord } from '../request-fields.js';
import { inlinePart, mediaPart, textPart } from './content.js';
import { ContentsBuilder, type CallReference } from './contents.js';
import { addResult, conversationOf, functionResult } from './messages.js';
import type { GeminiModel } from './model.js';
import { NO_SIGNATURE, readTaggedSignature } from './signature.js';
import type { GeminiPart, GeminiRequest } from './wire.js';

/**
 * System prompt and messages of Anthropic's Messages API.
 * @throws {UserFacingError} 422 for what Gemini cannot take @throws {MalformedRequestError} for roles that are none
 * @see spec translators.md 18.2.1, 18.2.2 and 18.2.5
 */
export function toMessageConversation(
  system: readonly ContentBlock[],
  messages: readonly InputMessage[],
  model: GeminiModel,
  receipt: Receipt,
): Pick<GeminiRequest, 'contents' | 'systemInstruction'> {
  return new MessageConverter(model, receipt).convert(system, messages);
}

class MessageConverter {
  readonly #contents = new ContentsBuilder();

  constructor(
    private readonly model: GeminiModel,
    private readonly receipt: Receipt,
  ) {}

  convert(system: readonly ContentBlock[], messages: readonly InputMessage[]) {
    const instruction = this.#parts(system);
    for (const { role, content, path } of messages) {
      switch (role) {
        case 'system':
          for (const part of this.#parts(content)) instruction.push(part);
          break;
        case 'user':
          this.#addUser(content);
          break;
        case 'assistant':
          this.#addAssistant(content);
          break;
        default:
          throw unknownWord(`${path}.role`, '"user", "assistant" or "system"', role);
      }
    }
    return conversationOf(instruction, this.#contents);
  }

  #addUser(content: readonly ContentBlock[]): void {
    for (const block of content) {
      if (block.type === 'tool_result') this.#addToolResult(block);
      else this.#contents.addUser(this.#partsOf(block));
    }
  }

  #addAssistant(content: readonly ContentBlock[]): void {
    const parts: GeminiPart[] = [];
    const calls: CallReference[] = [];
    let waiting: string | undefined;
    const add = (part: GeminiPart, signature = waiting) => {
      parts.push(signature === undefined ? part : { ...part, thoughtSignature: signature });
      waiting = undefined;
    };
    for (const block of content) {
      if (block.type === 'thinking') {
        const signature = readTaggedSignature(block.signature ?? '');
        if (block.signature && signature === undefined) this.receipt.drop(block.path);
        if (signature === undefined) continue;
        if (waiting !== undefined) add({ text: '' });
        waiting = signature.data;
      } else if (block.type === 'tool_use') {
        this.#tellCache(block);
        const isFirst = calls.length === 0;
        add({ functionCall: { name: block.name, args: block.input } }, waiting ?? (isFirst ? NO_SIGNATURE : undefined));
        calls.push({ id: block.id, name: block.name });
      } else {
        for (const part of this.#partsOf(block)) add(part);
      }
    }
    if (waiting !== undefined) add({ text: '' });
    this.#contents.addModel(parts, calls);
  }

  #addToolResult(block: ToolResultBlock): void {
    this.#tellCache(block);
    const parts = this.#parts(block.content);
    const text = parts.flatMap((part) => part.text ?? []).join('\n');
    const response = block.isError ? { error: text } : functionResult(text);
    const media = parts.filter((part) => part.text === undefined);
    const answer = { callId: block.toolUseId, path: `${block.path}.tool_use_id`, response };
    addResult(answer, media, this.#contents, this.model);
  }

  #parts(blocks: readonly ContentBlock[]): GeminiPart[] {
    return blocks.flatMap((block) => this.#partsOf(block));
  }

  /** Of a block that needs nothing of its neighbours. */
  #partsOf(block: ContentBlock): readonly GeminiPart[] {
    this.#tellCache(block);
    switch (block.type) {
      case 'text':
        return listOf(textPart(block.text));
      case 'image':
        return [sourcePart(block.source, block.path, 'image/jpeg')];
      case 'document':
        return this.#documentParts(block);
      case 'search_result': {
        const texts = block.content.map((part) => (part.type === 'text' ? part.text : ''));
        return listOf(textPart(lines(block.title, block.source, ...texts)));
      }
      case 'thinking':
      case 'redacted_thinking':
      case 'unknown':
        this.receipt.drop(block.path);
        return [];
      case 'tool_use':
        throw new UserFacingError(`"${block.path}" is a tool_use block, which only an assistant message can hold`);
      case 'tool_result':
        throw new UserFacingError(`"${block.path}" is a tool_result block, which only a user message can hold`);
    }
  }

  /** A title stands before the text; a file has no place for it. */
  #documentParts({ source, title, context, path }: DocumentBlock): readonly GeminiPart[] {
    switch (source.type) {
      case 'text':
        return listOf(textPart(lines(title, context, source.text)));
      case 'content':
        return [...listOf(textPart(lines(title, context))), ...this.#parts(source.content)];
      default:
        if (title !== undefined) this.receipt.drop(`${path}.title`);
        if (context !== undefined) this.receipt.drop(`${path}.context`);
        return [sourcePart(source, path, 'application/pdf')];
    }
  }

  #tellCache(block: ContentBlock): void {
    if (block.cacheControl) this.receipt.drop(`${block.path}.cache_control`);
  }
}

const lines = (...texts: readonly (string | undefined)[]) => texts.filter((text) => text).join('\n');

const listOf = (part: GeminiPart | undefined): readonly GeminiPart[] => (part === undefined ? [] : [part]);

function sourcePart(source: MediaSource, path: string, defaultType: string): GeminiPart {
  switch (source.type) {
    case 'base64':
      return inlinePart(source.mediaType || defaultType, source.data, `${path}.source.data`);
    case 'url':
      return mediaPart(source.url, `${path}.source.url`, defaultType);
    case 'file':
    case 'unknown':
      throw new UserFacingError(
        `"${path}.source.type" must be "base64" or "url" for this backend: it cannot read files that are stored elsewhere`,
      );
  }
}
