import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest, ChatTool, ToolChoice as ChatToolChoice } from '../chat/chat-request.js';
import type { ToolChoice, ToolDefinition } from './tools.js';

/**
 * The tools that the client lets the model use (translators.md G53).
 * @throws {UserFacingError} 422 when it allows only tools that it does not define
 */
export function allowedTools({ tools, toolChoice }: ChatRequest): readonly ChatTool[] {
  if (toolChoice?.kind !== 'allowed') return tools;
  const names = new Set(toolChoice.names);
  const allowed = tools.filter((tool) => tool.function !== undefined && names.has(tool.function.name));
  if (allowed.length > 0) return allowed;
  throw new UserFacingError('"tool_choice" allows only tools that are not in "tools": name at least one that is');
}

/** Converse knows functions only; others are in the receipt. */
export function chatTools(tools: readonly ChatTool[], receipt: Receipt): readonly ToolDefinition[] {
  return tools.flatMap((tool): ToolDefinition[] => {
    const definition = tool.type === 'function' ? tool.function : undefined;
    if (definition === undefined) {
      receipt.drop(tool.path);
      return [];
    }
    const { name, description, parameters: schema, strict = false, cacheControl } = definition;
    return [{ path: `${tool.path}.function`, name, description, schema, isStrict: strict, cacheControl }];
  });
}

export function chatChoice(choice: ChatToolChoice | undefined): ToolChoice | undefined {
  switch (choice?.kind) {
    case 'auto':
    case 'none':
      return { kind: choice.kind };
    case 'required':
      return { kind: 'any' };
    case 'function':
      return { kind: 'tool', name: choice.name };
    case 'allowed':
      return { kind: choice.mode === 'required' ? 'any' : 'auto' };
    default:
      return undefined;
  }
}
