import { isJsonArray, isJsonObject, kindOf, type JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { allowedTools } from '../chat/allowed-tools.js';
import type { ChatRequest, ChatTool, FunctionDefinition } from '../chat/chat-request.js';
import type { Block, CacheMarkers } from './block.js';
import { refusal } from './refusal.js';

export interface ToolPlan {
  /** Empty: none are sent, and no choice either. */
  readonly tools: readonly Block[];
  readonly toolChoice?: JsonObject;
  /** Claude must call a tool: then it cannot think first. */
  readonly isForced: boolean;
  /** True when the answer comes as the input of the tool that was passed as `answerTool`. */
  readonly hasAnswerTool: boolean;
}

export interface ToolContext {
  readonly markers: CacheMarkers;
  readonly receipt: Receipt;
  /** Names of tools that the messages speak of; undefined when they speak of none. */
  readonly called: readonly string[] | undefined;
  /** A tool whose input is to be the answer, for models without structured output. */
  readonly answerTool: Block | undefined;
}

/** @throws {UserFacingError} 422 @see spec translators.md 5.4, "Tools and choice", and G53 */
export function planTools(chat: ChatRequest, context: ToolContext): ToolPlan {
  const tools = allowedTools(chat).map((tool) => toolOf(tool, context.markers));
  if (context.answerTool && mayAnswerByTool(chat)) {
    return planAnswerTool(chat, tools, context.answerTool);
  }
  if (context.answerTool) context.receipt.drop('response_format');
  if (tools.length > 0) {
    const toolChoice = toolChoiceOf(chat);
    const isForced = toolChoice?.['type'] === 'any' || toolChoice?.['type'] === 'tool';
    return { tools, ...(toolChoice ? { toolChoice } : {}), isForced, hasAnswerTool: false };
  }
  if (chat.toolChoice && chat.toolChoice.kind !== 'auto' && chat.toolChoice.kind !== 'none') {
    context.receipt.drop('tool_choice');
  }
  const { called } = context;
  if (called === undefined) return { tools, isForced: false, hasAnswerTool: false };
  // Nobody asked for new calls.
  return { tools: toolsOfHistory(called), toolChoice: { type: 'none' }, isForced: false, hasAnswerTool: false };
}

/** Claude takes calls and results only beside definitions. @see spec translators.md 18.1.4 */
export const toolsOfHistory = (names: readonly string[]): readonly Block[] =>
  names.map((name) => ({ name, input_schema: NO_PARAMETERS }));

/** Not when the client wants one of its own tools to be called. */
const mayAnswerByTool = ({ toolChoice }: ChatRequest) =>
  toolChoice === undefined ||
  toolChoice.kind === 'auto' ||
  toolChoice.kind === 'none' ||
  (toolChoice.kind === 'allowed' && toolChoice.mode === 'auto');

/** The answer is a call of the tool; where the client's tools may be called first, any tool. */
function planAnswerTool(chat: ChatRequest, tools: readonly Block[], answerTool: Block): ToolPlan {
  const mayCallOthers = tools.length > 0 && chat.toolChoice?.kind !== 'none';
  const type = mayCallOthers ? { type: 'any' } : { type: 'tool', name: answerTool['name']! };
  const toolChoice = { ...type, disable_parallel_tool_use: mayCallOthers ? chat.parallelToolCalls === false : true };
  return { tools: [...tools, answerTool], toolChoice, isForced: true, hasAnswerTool: true };
}

export function toolOf(tool: ChatTool, markers: CacheMarkers): Block {
  if (tool.type !== 'function') throw refusal(tool.path, 'a tool of another type', 'one of type "function"');
  const definition = tool.function;
  if (definition === undefined) throw refusal(tool.path, 'no "function"', 'the definition of one');
  const block: Block = {
    name: definition.name,
    description: definition.description ?? '',
    input_schema: inputSchema(definition, `${tool.path}.function.parameters`),
    ...(definition.strict === true ? { strict: true } : {}),
  };
  markers.mark(block, definition.cacheControl, `${tool.path}.function`);
  return block;
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

/** Claude wants a schema in any case, and its type to be named (translators.md G17). */
function inputSchema({ parameters }: FunctionDefinition, path: string): JsonObject {
  if (parameters === undefined) return NO_PARAMETERS;
  if (!isJsonObject(parameters)) throw refusal(path, kindOf(parameters), 'a JSON schema, which is an object');
  const members = Object.entries(parameters).filter(([name, value]) => {
    if (name === 'type') return value !== null;
    return name !== 'required' || isJsonArray(value);
  });
  return Object.fromEntries([['type', 'object'], ...members]);
}

/** Undefined: Claude's own default, which is `auto` with parallel calls. */
function toolChoiceOf({ toolChoice, parallelToolCalls }: ChatRequest): JsonObject | undefined {
  const disable_parallel_tool_use = parallelToolCalls === false;
  if (toolChoice === undefined)
    return disable_parallel_tool_use ? { type: 'auto', disable_parallel_tool_use } : undefined;
  switch (toolChoice.kind) {
    case 'auto':
      return { type: 'auto', disable_parallel_tool_use };
    case 'required':
      return { type: 'any', disable_parallel_tool_use };
    case 'none':
      return { type: 'none' };
    case 'function':
      return { type: 'tool', name: toolChoice.name, disable_parallel_tool_use };
    case 'allowed':
      return { type: toolChoice.mode === 'required' ? 'any' : 'auto', disable_parallel_tool_use };
  }
}
