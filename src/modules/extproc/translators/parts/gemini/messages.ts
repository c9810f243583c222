import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, parseJsonLeniently, type JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type {
  AssistantMessage,
  AssistantPart,
  ChatMessage,
  SystemMessage,
  ToolCall,
  ToolMessage,
} from '../chat/chat-request.js';
import { parseToolArguments } from '../chat/tool-arguments.js';
import { textPart, toUserParts } from './content.js';
import { ContentsBuilder, type CallReference } from './contents.js';
import type { GeminiModel } from './model.js';
import { AssistantSignatures } from './assistant-signatures.js';
import type { GeminiPart, GeminiRequest } from './wire.js';

/**
 * The messages of a chat; what is empty is left out.
 * @throws {UserFacingError} 422 for what Gemini cannot take
 * @see spec translators.md 5.8, "Messages"
 */
export function toConversation(
  messages: readonly ChatMessage[],
  model: GeminiModel,
  receipt: Receipt,
): Pick<GeminiRequest, 'contents' | 'systemInstruction'> {
  const system: GeminiPart[] = [];
  const contents = new ContentsBuilder();
  for (const message of messages) {
    if (message.name !== undefined) receipt.drop(`${message.path}.name`);
    switch (message.role) {
      case 'system':
      case 'developer':
        for (const part of systemParts(message, receipt)) system.push(part);
        break;
      case 'user':
        contents.addUser(toUserParts(message.parts, model, receipt));
        break;
      case 'assistant':
        addAssistant(message, contents, receipt);
        break;
      case 'tool':
        addToolMessage(message, contents, model, receipt);
        break;
    }
  }
  return conversationOf(system, contents);
}

export function conversationOf(
  system: readonly GeminiPart[],
  contents: ContentsBuilder,
): Pick<GeminiRequest, 'contents' | 'systemInstruction'> {
  const turns = contents.build();
  return {
    ...(turns.length === 0 ? {} : { contents: turns }),
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
  };
}

/** A result of a function: an object as it is, any other text as `output` (translators.md G28). */
export function functionResult(text: string): JsonObject {
  const value = text.trimStart().startsWith('{') ? parseJsonLeniently(Buffer.from(text)) : undefined;
  return isJsonObject(value) ? value : { output: text };
}

function systemParts(message: SystemMessage, receipt: Receipt): GeminiPart[] {
  return message.parts.flatMap((part) => {
    if (part.cacheControl) receipt.drop(`${part.path}.cache_control`);
    return textPart(part.text) ?? [];
  });
}

/** Media go into the response where the model takes them there, else behind the responses. */
function addToolMessage(message: ToolMessage, contents: ContentsBuilder, model: GeminiModel, receipt: Receipt): void {
  if (message.cacheControl) receipt.drop(`${message.path}.cache_control`);
  const text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const media = message.parts.filter((part) => part.type !== 'text');
  for (const part of message.parts) {
    if (part.type === 'text' && part.cacheControl) receipt.drop(`${part.path}.cache_control`);
  }
  addResult(
    { callId: message.toolCallId, path: `${message.path}.tool_call_id`, response: functionResult(text) },
    toUserParts(media, model, receipt),
    contents,
    model,
  );
}

interface ToolAnswer {
  readonly callId: string;
  /** Of the id in the client's body. */
  readonly path: string;
  readonly response: JsonObject;
}

export function addResult(
  { callId, path, response }: ToolAnswer,
  media: readonly GeminiPart[],
  contents: ContentsBuilder,
  model: GeminiModel,
): void {
  const parts = model.isGemini3 ? media.flatMap(({ inlineData }) => (inlineData ? [{ inlineData }] : [])) : [];
  contents.addResponse(callId, path, { response, ...(parts.length === 0 ? {} : { parts }) });
  contents.addUser(model.isGemini3 ? media.filter(({ inlineData }) => inlineData === undefined) : media);
}

/** Calls stand before texts, as in the reference. */
function addAssistant(message: AssistantMessage, contents: ContentsBuilder, receipt: Receipt): void {
  tellIgnored(message, receipt);
  const signatures = new AssistantSignatures(message, receipt);
  const calls: CallReference[] = [];
  const parts: GeminiPart[] = message.toolCalls.map((call, index) => {
    calls.push({ id: idOf(call), name: call.name });
    if (call.cacheControl) receipt.drop(`${call.path}.cache_control`);
    const signature = signatures.ofCall(index);
    return {
      functionCall: { name: call.name, args: parseToolArguments(call) },
      ...(signature === undefined ? {} : { thoughtSignature: signature }),
    };
  });
  const texts = message.parts.flatMap((part) => toModelPart(part, signatures, receipt) ?? []);
  contents.addModel([...parts, ...withTextSignatures(texts, signatures.ofTexts)], calls);
}

/** The first signature goes to the last text; more of them, or any without a text, are parts of their own. */
function withTextSignatures(texts: readonly GeminiPart[], signatures: readonly string[]): readonly GeminiPart[] {
  const last = texts.findLastIndex((part) => part.thought === undefined);
  const signed = texts.map((part, index) =>
    index === last && signatures[0] !== undefined ? { ...part, thoughtSignature: signatures[0] } : part,
  );
  return [
    ...signed,
    ...signatures.slice(last === -1 ? 0 : 1).map((thoughtSignature) => ({ text: '', thoughtSignature })),
  ];
}

function idOf(call: ToolCall): string {
  if (call.id !== undefined && call.id !== '') return call.id;
  throw new UserFacingError(`"${call.path}.id" must be the id of the tool call, found nothing`);
}

function tellIgnored(message: AssistantMessage, receipt: Receipt): void {
  if (message.refusal) receipt.drop(`${message.path}.refusal`);
  if (message.hasAudio) receipt.drop(`${message.path}.audio`);
}

function toModelPart(part: AssistantPart, signatures: AssistantSignatures, receipt: Receipt): GeminiPart | undefined {
  if (part.cacheControl) receipt.drop(`${part.path}.cache_control`);
  switch (part.type) {
    case 'text':
      return textPart(part.text);
    case 'thinking': {
      const signature = signatures.ofPart(part);
      if (!part.text && signature === undefined) return undefined;
      const thought = { text: part.text ?? '', thought: true } as const;
      return signature === undefined ? thought : { ...thought, thoughtSignature: signature };
    }
    case 'refusal':
      receipt.drop(part.path);
      return undefined;
    case 'redacted_thinking':
      throw new UserFacingError(`"${part.path}" is redacted thinking, which this backend cannot take: leave it out`);
    case 'unknown':
      throw new UserFacingError(
        `"${part.path}.type" must be "text", "refusal" or "thinking" for this backend: leave the part out`,
      );
  }
}
