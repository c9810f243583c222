import type { Receipt } from '../../receipt.js';
import type { ChatTool, ToolChoice as ChatToolChoice } from '../chat/chat-request.js';
import type { ModelFamily } from './model-family.js';
import type { ToolChoice, ToolDefinition } from './tools.js';

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

/** The bare name of a tool is understood for Claude only, as in the reference (translators.md 5.3). */
export function chatChoice(
  choice: ChatToolChoice | undefined,
  family: ModelFamily,
  receipt: Receipt,
): ToolChoice | undefined {
  switch (choice?.kind) {
    case 'auto':
    case 'none':
      return { kind: choice.kind };
    case 'required':
      return { kind: 'any' };
    case 'function':
      if (choice.isWord === true && family !== 'claude') {
        receipt.drop('tool_choice');
        return undefined;
      }
      return { kind: 'tool', name: choice.name };
    case 'allowed':
      return { kind: choice.mode === 'required' ? 'any' : 'auto' };
    default:
      return undefined;
  }
}
