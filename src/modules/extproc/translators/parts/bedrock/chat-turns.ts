import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type {
  AssistantMessage,
  AssistantPart,
  CacheControl,
  ChatMessage,
  FilePart,
  ThinkingBlock,
  ToolCall,
  ToolMessage,
  UserMessage,
  UserPart,
} from '../chat/chat-request.js';
import { parseToolArguments } from '../chat/tool-arguments.js';
import { isBlank, type ResultContent } from './converse.js';
import {
  checkedBase64,
  DocumentNames,
  formatOfName,
  mediumBlock,
  mediumOfData,
  mediumOfFormat,
  mediumOfUrl,
  refusal,
  resultMedium,
  type Medium,
  type MediumKind,
} from './media.js';
import type { ModelFamily } from './model-family.js';
import { proofOfPart, proofOf, reasoningBlock } from './reasoning.js';
import { systemBlocks, textPieces, type Conversation, type Piece, type Turn } from './turns.js';
import { toolUseId } from './tool-use-id.js';

/** @throws {UserFacingError} 422 for what Converse cannot take */
export function chatConversation(
  messages: readonly ChatMessage[],
  family: ModelFamily,
  receipt: Receipt,
): Conversation {
  const reader = new ChatTurns(family, receipt);
  return {
    system: systemBlocks(
      messages.flatMap((message) => (message.role === 'system' || message.role === 'developer' ? message.parts : [])),
    ),
    turns: messages.flatMap((message) => reader.turnOf(message)),
  };
}

/** Media that a file or an image part may hold. */
const ANY_MEDIUM: readonly MediumKind[] = ['document', 'image', 'video', 'audio'];
const RESULT_MEDIUM: readonly MediumKind[] = ['document', 'image', 'video'];

/** Base64 of `%PDF-`. */
const PDF_START = 'JVBERi';

/** @see spec translators.md 5.3, "Messages" */
class ChatTurns {
  readonly #names = new DocumentNames();

  constructor(
    private readonly family: ModelFamily,
    private readonly receipt: Receipt,
  ) {}

  turnOf(message: ChatMessage): readonly Turn[] {
    if (message.name !== undefined) this.receipt.drop(`${message.path}.name`);
    switch (message.role) {
      case 'user':
        return [{ role: 'user', pieces: this.#userPieces(message) }];
      case 'assistant':
        return [{ role: 'assistant', pieces: this.#assistantPieces(message) }];
      case 'tool':
        return [{ role: 'user', pieces: [this.#resultPiece(message)] }];
      default:
        return [];
    }
  }

  #userPieces({ parts }: UserMessage): readonly Piece[] {
    return parts.flatMap((part) =>
      part.type === 'text'
        ? textPieces(part.text, part.cacheControl)
        : [{ block: mediumBlock(this.#mediumOf(part), this.#names), cacheControl: part.cacheControl }],
    );
  }

  #mediumOf(part: Exclude<UserPart, { type: 'text' }>, kinds = ANY_MEDIUM): Medium {
    const { path, type } = part;
    switch (type) {
      case 'image_url':
        if (part.detail !== undefined && part.detail !== 'auto') this.receipt.drop(`${path}.image_url.detail`);
        return mediumOfUrl(part.url, `${path}.image_url.url`, ['image', 'document']);
      case 'input_audio':
        return mediumOfFormat(part.format, part.data, `${path}.input_audio`, 'audio');
      case 'audio_url':
        return mediumOfUrl(part.url, `${path}.audio_url.url`, ['audio']);
      case 'video_url':
        return mediumOfUrl(part.url, `${path}.video_url.url`, ['video']);
      case 'file':
        return this.#fileMedium(part, kinds);
    }
  }

  #fileMedium({ path, fileData, fileUrl, filename }: FilePart, kinds: readonly MediumKind[]): Medium {
    if (filename !== undefined) this.receipt.drop(`${path}.file.filename`);
    if (fileUrl !== undefined) return mediumOfUrl(fileUrl, `${path}.file_url`, kinds);
    const dataPath = `${path}.file.file_data`;
    if (fileData === undefined)
      throw refusal(`${path}.file`, 'no file_data', 'file_data, since Converse keeps no files');
    if (/^(data|s3):/i.test(fileData)) return mediumOfUrl(fileData, dataPath, kinds);
    if (filename === undefined && fileData.startsWith(PDF_START)) {
      return mediumOfData('application/pdf', fileData, dataPath, kinds);
    }
    const format = formatOfName(filename ?? '', `${path}.file.filename`, kinds);
    return { format, source: { bytes: checkedBase64(fileData, dataPath) } };
  }

  /** Thinking comes first, calls come last: so Claude wrote it, and so it wants it back (translators.md G4). */
  #assistantPieces(message: AssistantMessage): readonly Piece[] {
    const { path, parts, thinkingBlocks, toolCalls, refusal: refused, hasAudio } = message;
    if (hasAudio) this.receipt.drop(`${path}.audio`);
    // Some clients send the same thinking as content too.
    const given = new Set(parts.map(proofOfPart));
    const isGiven = (block: ThinkingBlock) => Boolean(proofOf(block)) && given.has(proofOf(block));
    return [
      ...thinkingBlocks.flatMap((block, index) =>
        isGiven(block) ? [] : this.#thinkingPieces(block, `${path}.thinking_blocks[${index}]`),
      ),
      ...parts.flatMap((part) => this.#assistantPiece(part)),
      ...textPieces(refused ?? ''),
      ...toolCalls.map((call) => this.#callPiece(call)),
    ];
  }

  #assistantPiece(part: AssistantPart): readonly Piece[] {
    const { path, type, cacheControl } = part;
    switch (type) {
      case 'text':
        return textPieces(part.text, cacheControl);
      case 'refusal':
        return textPieces(part.refusal, cacheControl);
      case 'thinking': {
        const block = part.text
          ? { type, thinking: part.text, ...(part.signature === undefined ? {} : { signature: part.signature }) }
          : undefined;
        return this.#thinkingPieces(block, path, cacheControl);
      }
      case 'redacted_thinking':
        return this.#thinkingPieces(
          part.data === undefined ? undefined : { type, data: part.data },
          path,
          cacheControl,
        );
      case 'unknown':
        this.receipt.drop(path);
        return [];
    }
  }

  #thinkingPieces(thinking: ThinkingBlock | undefined, path: string, cacheControl?: CacheControl): readonly Piece[] {
    const block = thinking && reasoningBlock(thinking, path, this.family);
    if (block !== undefined) return [{ block, cacheControl }];
    this.receipt.drop(path);
    return [];
  }

  #callPiece(call: ToolCall): Piece {
    if (!call.id) {
      throw new UserFacingError(
        `cannot send "${call.path}" to AWSBedrock: it has no id: send the id that the model gave it`,
      );
    }
    const input = parseToolArguments(call);
    return {
      block: { toolUse: { name: call.name, toolUseId: toolUseId(call.id, this.family), input } },
      cacheControl: call.cacheControl,
    };
  }

  #resultPiece({ toolCallId, parts, cacheControl }: ToolMessage): Piece {
    const content = parts.flatMap((part): ResultContent[] => {
      if (part.type === 'text') return isBlank(part.text) ? [] : [{ text: part.text }];
      return [resultMedium(this.#mediumOf(part, RESULT_MEDIUM), this.#names)];
    });
    return {
      block: { toolResult: { toolUseId: toolUseId(toolCallId, this.family), content } },
      cacheControl: cacheControl ?? parts.findLast((part) => part.cacheControl !== undefined)?.cacheControl,
    };
  }
}
