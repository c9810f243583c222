import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { CacheMarkers, isBlank, type Block } from './block.js';
import { convertMessages } from './messages.js';
import { traitsOf, type ClaudePlatform } from './model-class.js';
import { planJsonAnswer } from './response-format.js';
import { planSampling } from './sampling.js';
import { planThinking } from './thinking.js';
import { planTools } from './tools.js';
import { calledTools, canThinkAfter, hasToolBlocks } from './turns.js';

export interface ClaudeRequest {
  /** Members of the body that all platforms have in common. */
  readonly members: JsonObject;
  /** Name of the tool whose input is the answer. */
  readonly answerTool: string | undefined;
}

/** Who is asked. */
export interface ClaudeTarget {
  /** The name by which the abilities of the model are known. */
  readonly model: string;
  readonly platform: ClaudePlatform;
  /** @see ThinkingContext */
  readonly defaultMaxTokens: number;
}

/** Members that are read here, or that the receipt tells of in detail. */
const HANDLED: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'user',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'thinking',
  'reasoning_effort',
]);

/**
 * A chat as a request of Anthropic's Messages API.
 * @throws {UserFacingError} 422
 * @see spec translators.md 5.4 and 18.1
 */
export function claudeRequest(chat: ChatRequest, target: ClaudeTarget, receipt: Receipt): ClaudeRequest {
  const { defaultMaxTokens } = target;
  const traits = traitsOf(target.model, target.platform);
  const markers = new CacheMarkers();
  const { format, answerTool } = planJsonAnswer(chat, traits, receipt);
  const { system, turns } = convertMessages(chat.messages, { markers, receipt });
  const called = hasToolBlocks(turns) ? calledTools(turns) : undefined;
  const tools = planTools(chat, { markers, receipt, called, answerTool });
  markers.write([...tools.tools, ...system, ...turns.flatMap(({ content }) => content)], receipt);
  const canThink = !tools.isForced && canThinkAfter(turns);
  const { maxTokens, thinking, effort, isThinking } = planThinking(chat, {
    traits,
    canThink,
    defaultMaxTokens,
    receipt,
  });
  const stopSequences = stopsOf(chat, receipt);
  dropUnhandledFields(chat.fields, HANDLED, receipt);
  return {
    members: {
      max_tokens: maxTokens,
      ...(system.length === 0 ? {} : { system }),
      messages: turns.map(({ role, content }) => ({ role, content })),
      ...planSampling(chat, traits, isThinking, receipt),
      ...(stopSequences.length === 0 ? {} : { stop_sequences: stopSequences }),
      ...(thinking ? { thinking } : {}),
      ...(effort || format ? { output_config: { ...(effort ? { effort } : {}), ...(format ? { format } : {}) } } : {}),
      ...toolMembers(tools.tools, tools.toolChoice),
      ...(chat.user ? { metadata: { user_id: chat.user } } : {}),
    },
    answerTool: tools.hasAnswerTool ? (answerTool?.['name'] as string) : undefined,
  };
}

const toolMembers = (tools: readonly Block[], toolChoice: JsonObject | undefined): JsonObject =>
  tools.length === 0 ? {} : { tools, ...(toolChoice ? { tool_choice: toolChoice } : {}) };

/** Each must hold a visible character. @see spec translators.md 18.1.2 */
function stopsOf({ stop }: ChatRequest, receipt: Receipt): readonly string[] {
  const kept = stop.filter((text) => !isBlank(text));
  if (kept.length < stop.length) receipt.drop('stop');
  return kept;
}
