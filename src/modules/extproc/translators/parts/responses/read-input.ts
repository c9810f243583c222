import { isJsonArray, objectOf, stringOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { AssistantPart, ChatMessage, ThinkingBlock, ToolCall, ToolMessage } from '../chat/chat-request.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalString,
  requiredString,
  shownWord,
  unknownWord,
} from '../request-fields.js';
import { readAssistantContent, readTextContent, readToolOutput, readUserContent } from './read-content.js';
import { cannotConvert } from './refusals.js';

/** What tells providers apart when the history is read. */
export interface InputTerms {
  /** The blocks in `encrypted_content`; none when they are not this provider's. */
  openThinking(encryptedContent: string): readonly ThinkingBlock[];
}

/**
 * The history of a Responses request as chat messages. Reasoning, assistant messages and calls that follow each other are
 * one turn of the assistant. Every call is followed by its output, wherever the client put it, or by an empty one.
 * @throws {UserFacingError} 422 for what only OpenAI keeps, and for an output without its call
 * @throws {MalformedRequestError} 400
 * @see spec translators.md 18.3.2
 */
export function readInput(document: JsonObject, terms: InputTerms, receipt: Receipt): readonly ChatMessage[] {
  const input = document['input'];
  if (typeof input === 'string') {
    const parts = input === '' ? [] : [{ type: 'text' as const, path: 'input', text: input }];
    return [{ role: 'user', path: 'input', parts, isPlain: true }];
  }
  if (!isJsonArray(input)) throw malformed('input', 'a string or an array of items', input);
  const reader = new InputReader(input, terms, receipt);
  for (const index of input.keys()) reader.read(index);
  return reader.end();
}

/** Made on OpenAI's side or by tools of its own: nothing that another provider could read. */
const FOREIGN_ITEM =
  /^(?:(?:web_search|file_search|code_interpreter|computer|image_generation|mcp)_call|computer_call_output|mcp_list_tools|mcp_approval_(?:request|response)|tool_search_(?:call|output)|compaction|compaction_trigger|agent_message|agent_reasoning|additional_tools)$/;

/** Of tools that clients run, but whose form only models of OpenAI were taught. */
const UNTAUGHT_ITEM = /^(?:local_shell|shell|apply_patch)_call(?:_output)?$/;

const unknownItem = (path: string, type: string) =>
  cannotConvert(
    memberPath(path, 'type'),
    `an item of the type ${shownWord(type)} has no meaning there`,
    UNTAUGHT_ITEM.test(type)
      ? 'Send calls and outputs of a tool of the type "function" or "custom" in its place.'
      : 'Leave the item out.',
  );

interface Turn {
  readonly path: string;
  readonly parts: AssistantPart[];
  readonly toolCalls: ToolCall[];
  readonly thinkingBlocks: ThinkingBlock[];
  /** How many messages the turn has, and whether all of them were one string. */
  messages: number;
  isPlain: boolean;
}

class InputReader {
  readonly #messages: ChatMessage[] = [];
  /** The assistant's turn that is being collected. */
  #turn: Turn | undefined;
  /** Calls that have no output yet, by id. */
  readonly #unanswered = new Map<string, ToolCall>();
  /** Outputs that were put behind their calls before the reader came to them. */
  readonly #taken = new Set<number>();
  /** Built when the first output is looked for. */
  #callItems: ReadonlyMap<string, readonly CallItem[]> | undefined;

  constructor(
    private readonly input: readonly JsonValue[],
    private readonly terms: InputTerms,
    private readonly receipt: Receipt,
  ) {}

  read(index: number): void {
    const path = `input[${index}]`;
    const item = objectItem(this.input[index]!, path);
    const type = typeOf(item, path);
    switch (type) {
      case 'message':
        this.#onMessage(item, path, index);
        break;
      case 'reasoning':
        this.#onReasoning(item, path, index);
        break;
      case 'function_call':
        this.#onCall(item, path, index, requiredString(item, 'arguments', path));
        break;
      case 'custom_tool_call':
        this.#onCall(item, path, index, JSON.stringify({ input: requiredString(item, 'input', path) }));
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        if (!this.#taken.has(index)) this.#onOutput(item, path);
        break;
      case 'item_reference':
        throw cannotConvert(path, 'it keeps no items', 'Send the item itself.');
      default:
        if (!FOREIGN_ITEM.test(type)) throw unknownItem(path, type);
        this.receipt.drop(path);
    }
  }

  end(): readonly ChatMessage[] {
    this.#endTurn();
    this.#answerAll(this.input.length);
    return this.#messages;
  }

  #onMessage(item: JsonObject, path: string, index: number): void {
    const role = item['role'];
    switch (role) {
      case 'assistant': {
        const turn = this.#openTurn(path, index);
        const content = readAssistantContent(item, path);
        turn.parts.push(...content.parts);
        turn.messages++;
        turn.isPlain &&= content.isPlain;
        break;
      }
      case 'user':
        this.#endPhase(index);
        this.#messages.push({ role, path, ...readUserContent(item, path) });
        break;
      case 'system':
      case 'developer':
        this.#endPhase(index);
        this.#messages.push({ role, path, ...readTextContent(item, path) });
        break;
      default:
        throw unknownWord(memberPath(path, 'role'), '"user", "assistant", "system" or "developer"', role);
    }
  }

  #onReasoning(item: JsonObject, path: string, index: number): void {
    const turn = this.#openTurn(path, index);
    const encrypted = optionalString(item, 'encrypted_content', path) ?? '';
    const blocks = encrypted === '' ? [] : this.terms.openThinking(encrypted);
    turn.thinkingBlocks.push(...blocks);
    if (blocks.length === 0 && (encrypted !== '' || hasItems(item['summary']) || hasItems(item['content']))) {
      this.receipt.drop(path);
    }
  }

  #onCall(item: JsonObject, path: string, index: number, text: string): void {
    const call = {
      path,
      id: requiredString(item, 'call_id', path),
      name: requiredString(item, 'name', path),
      arguments: text,
    };
    this.#openTurn(path, index).toolCalls.push(call);
    this.#unanswered.set(call.id, call);
  }

  #onOutput(item: JsonObject, path: string): void {
    this.#endTurn();
    const message = toolMessage(item, path);
    if (!this.#unanswered.delete(message.toolCallId)) {
      throw cannotConvert(path, 'no call with its "call_id" stands before it', 'Send the call as well.');
    }
    this.#messages.push(message);
  }

  /** A turn that follows outputs is a new one. */
  #openTurn(path: string, index: number): Turn {
    if (this.#turn === undefined) {
      this.#answerAll(index);
      this.#turn = { path, parts: [], toolCalls: [], thinkingBlocks: [], messages: 0, isPlain: true };
    }
    return this.#turn;
  }

  #endTurn(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    const { path, parts, toolCalls, thinkingBlocks } = turn;
    if (parts.length + toolCalls.length + thinkingBlocks.length === 0) return;
    const isPlain = turn.isPlain && turn.messages === 1;
    this.#messages.push({ role: 'assistant', path, parts, isPlain, toolCalls, thinkingBlocks, hasAudio: false });
  }

  #endPhase(index: number): void {
    this.#endTurn();
    this.#answerAll(index);
  }

  /** Providers want the outputs right behind the calls. A call that the client gave up gets an empty one. */
  #answerAll(index: number): void {
    for (const call of this.#unanswered.values()) {
      const later = this.#findOutput(call.id!, index);
      this.#messages.push(later ?? { role: 'tool', path: call.path, toolCallId: call.id!, parts: [], isPlain: true });
    }
    this.#unanswered.clear();
  }

  /** The next output of the call; one behind another call of the same id is that one's. */
  #findOutput(callId: string, start: number): ToolMessage | undefined {
    this.#callItems ??= callItemsOf(this.input);
    const next = this.#callItems.get(callId)?.find(({ index }) => index >= start && !this.#taken.has(index));
    if (next === undefined || !next.isOutput) return undefined;
    this.#taken.add(next.index);
    const path = `input[${next.index}]`;
    return toolMessage(objectItem(this.input[next.index]!, path), path);
  }
}

interface CallItem {
  readonly index: number;
  readonly isOutput: boolean;
}

const CALL_ITEM = /^(?:function|custom_tool)_call(_output)?$/;

/** Calls and outputs by `call_id`, in order. */
function callItemsOf(input: readonly JsonValue[]): ReadonlyMap<string, readonly CallItem[]> {
  const found = new Map<string, CallItem[]>();
  for (const [index, value] of input.entries()) {
    const item = objectOf(value);
    const match = CALL_ITEM.exec(stringOf(item['type']) ?? '');
    const callId = stringOf(item['call_id']);
    if (match === null || callId === undefined) continue;
    const items = found.get(callId) ?? [];
    items.push({ index, isOutput: match[1] !== undefined });
    found.set(callId, items);
  }
  return found;
}

function typeOf(item: JsonObject, path: string): string {
  const type = optionalString(item, 'type', path);
  if (type !== undefined) return type;
  return item['role'] === undefined && typeof item['id'] === 'string' ? 'item_reference' : 'message';
}

const hasItems = (value: JsonValue | undefined) => isJsonArray(value) && value.length > 0;

function toolMessage(item: JsonObject, path: string): ToolMessage {
  return { role: 'tool', path, toolCallId: requiredString(item, 'call_id', path), ...readToolOutput(item, path) };
}
