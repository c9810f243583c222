import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type {
  ContentBlock,
  DocumentBlock,
  InputMessage,
  MessagesRequest,
  SearchResultBlock,
  TextBlock,
  ToolResultBlock,
} from '../messages/messages-request.js';
import {
  isBlank,
  type ConverseBlock,
  type DocumentContent,
  type ResultContent,
  type SearchResultContent,
} from './converse.js';
import { DocumentNames, mediumOfData, mediumOfUrl, refusal, resultMedium, type MediumKind } from './media.js';
import type { ModelFamily } from './model-family.js';
import { reasoningBlock } from './reasoning.js';
import { systemBlocks, textPieces, type Conversation, type Piece, type Turn } from './turns.js';
import { toolUseId } from './tool-use-id.js';

/** @throws {UserFacingError} 422 for what Converse cannot take @see spec translators.md 11.4 */
export function messagesConversation(request: MessagesRequest, family: ModelFamily, receipt: Receipt): Conversation {
  const reader = new MessageTurns(family, receipt);
  const turns = request.messages.flatMap((message) => reader.turnOf(message));
  return { system: systemBlocks([...request.system, ...reader.promotedSystem]), turns };
}

class MessageTurns {
  /** Text of messages of the role `system`, which Converse knows only beside the messages. */
  readonly promotedSystem: TextBlock[] = [];
  readonly #names = new DocumentNames();

  constructor(
    private readonly family: ModelFamily,
    private readonly receipt: Receipt,
  ) {}

  turnOf({ path, role, content }: InputMessage): readonly Turn[] {
    switch (role) {
      case 'user':
        return [{ role, pieces: content.flatMap((block) => this.#userPieces(block)) }];
      case 'assistant':
        return [{ role, pieces: content.flatMap((block) => this.#assistantPieces(block)) }];
      case 'system':
        for (const block of content) if (this.#isText(block)) this.promotedSystem.push(block);
        return [];
      default:
        throw refusal(`${path}.role`, 'another role', 'user, assistant or system');
    }
  }

  #isText(block: ContentBlock): block is TextBlock {
    if (block.type !== 'text') this.receipt.drop(block.path);
    return block.type === 'text';
  }

  #userPieces(block: ContentBlock): readonly Piece[] {
    const { cacheControl } = block;
    if (block.type === 'tool_result') return [this.#resultPiece(block)];
    return this.#contentOf(block).map((content) => ({ block: content, cacheControl }));
  }

  /** What may stand in a message of the user and in the result of a tool; what Converse does not know is in the receipt. */
  #contentOf(block: ContentBlock): readonly ResultContent[] {
    const { path } = block;
    switch (block.type) {
      case 'text':
        return isBlank(block.text) ? [] : [{ text: block.text }];
      case 'image':
        return [this.#medium(block.source, `${path}.source`, 'image')];
      case 'document':
        return [this.#document(block)];
      case 'search_result':
        return [{ searchResult: this.#searchResult(block) }];
      default:
        this.receipt.drop(path);
        return [];
    }
  }

  #medium(source: DocumentBlock['source'], path: string, kind: MediumKind): ResultContent {
    switch (source.type) {
      case 'base64':
        return resultMedium(mediumOfData(source.mediaType, source.data, `${path}.data`, [kind]), this.#names);
      case 'url':
        return resultMedium(mediumOfUrl(source.url, `${path}.url`, [kind]), this.#names);
      case 'file':
        throw refusal(path, 'the id of a file', 'base64 data, since Converse keeps no files');
      default:
        throw refusal(path, 'a source of another type', 'one of type base64');
    }
  }

  #document({ path, source, title, context }: DocumentBlock): ResultContent {
    if (title !== undefined) this.receipt.drop(`${path}.title`);
    const document = this.#documentOf(source, `${path}.source`);
    return { document: { ...document, ...(context === undefined ? {} : { context }) } };
  }

  #documentOf(source: DocumentBlock['source'], path: string): DocumentContent {
    switch (source.type) {
      case 'text':
        return { format: 'txt', name: this.#names.next(), source: { text: source.text } };
      case 'content':
        return { name: this.#names.next(), source: { content: this.#texts(source.content) } };
      default: {
        const content = this.#medium(source, path, 'document');
        if ('document' in content) return content.document;
        throw refusal(path, 'another medium', 'a document');
      }
    }
  }

  #searchResult({ source, title, content }: SearchResultBlock): SearchResultContent {
    return { source, title, content: this.#texts(content) };
  }

  #texts(content: readonly ContentBlock[]): readonly { readonly text: string }[] {
    return content.filter((block) => this.#isText(block)).map(({ text }) => ({ text }));
  }

  #resultPiece({ toolUseId: id, content, isError, cacheControl }: ToolResultBlock): Piece {
    return {
      block: {
        toolResult: {
          toolUseId: toolUseId(id, this.family),
          content: content.flatMap((block) => this.#contentOf(block)),
          ...(isError ? { status: 'error' } : {}),
        },
      },
      // Inside of a result Converse takes no cache point.
      cacheControl: cacheControl ?? content.findLast((block) => block.cacheControl !== undefined)?.cacheControl,
    };
  }

  #assistantPieces(block: ContentBlock): readonly Piece[] {
    const { path, cacheControl } = block;
    switch (block.type) {
      case 'text':
        return textPieces(block.text, cacheControl);
      case 'tool_use':
        return [
          {
            block: { toolUse: { toolUseId: this.#idOf(block.id, path), name: block.name, input: block.input } },
            cacheControl,
          },
        ];
      case 'thinking':
      case 'redacted_thinking':
        return this.#replayed(path, reasoningBlock(block, path, this.family));
      default:
        return this.#replayed(path, undefined);
    }
  }

  #replayed(path: string, block: ConverseBlock | undefined): readonly Piece[] {
    if (block === undefined) this.receipt.drop(path);
    return block === undefined ? [] : [{ block }];
  }

  #idOf(id: string, path: string): string {
    if (id !== '') return toolUseId(id, this.family);
    throw new UserFacingError(`cannot send "${path}" to AWSBedrock: it has no id: send the id that the model gave it`);
  }
}
