import { UserFacingError } from '../../../../../shared/errors.js';
import type { ChatRequest, ChatTool } from './chat-request.js';

/**
 * The tools that the client lets the model use: all of them, unless its choice lists some (translators.md G53).
 * @throws {UserFacingError} 422 when it lists only functions that it does not define
 */
export function allowedTools({ tools, toolChoice }: Pick<ChatRequest, 'tools' | 'toolChoice'>): readonly ChatTool[] {
  if (toolChoice?.kind !== 'allowed') return tools;
  const names = new Set(toolChoice.names);
  const allowed = tools.filter((tool) => tool.function !== undefined && names.has(tool.function.name));
  if (allowed.length > 0) return allowed;
  throw new UserFacingError('"tool_choice" allows only tools that are not in "tools": name at least one that is');
}
