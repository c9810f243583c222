import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, kindOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { answerToolDescription, answerToolName } from '../anthropic/schema-answer.js';
import { closeObjects, schemaObstacle } from '../anthropic/schema-limits.js';
import type { CacheControl } from '../chat/chat-request.js';
import { cachePoint, type ToolElement } from './converse.js';
import type { Turn } from './turns.js';

/** A tool of either dialect. */
export interface ToolDefinition {
  readonly path: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON schema, any JSON; undefined when absent or null. */
  readonly schema?: JsonValue | undefined;
  readonly isStrict: boolean;
  readonly cacheControl?: CacheControl | undefined;
}

export type ToolChoice = { readonly kind: 'auto' | 'any' | 'none' } | { readonly kind: 'tool'; readonly name: string };

export interface ToolWish {
  readonly tools: readonly ToolDefinition[];
  /** Undefined: the model's own. */
  readonly choice: ToolChoice | undefined;
  /** Names of the tools that were called before. */
  readonly calledNames: readonly string[];
  /** The model can be held to a strict schema. */
  readonly takesStrict: boolean;
  /** For a model, or a schema, that cannot be asked for in another way. */
  readonly answer?: AnswerFormat;
  readonly receipt: Receipt;
  /** What the client calls the answer's format, for the receipt. */
  readonly formatName: string;
}

/** An answer in JSON. */
export interface AnswerFormat {
  /** Of an object. */
  readonly schema: JsonObject;
  readonly description: string | undefined;
}

export type ToolConfig = { readonly tools: readonly ToolElement[]; readonly toolChoice?: JsonObject };

export interface ToolPlan {
  readonly toolConfig?: ToolConfig;
  /** The model must call a tool. */
  readonly isForced: boolean;
  /** The tool whose input is the answer. */
  readonly answerTool?: string;
}

/**
 * What Converse gets of the tools. It wants them whenever history holds calls of tools, so without any they are made up from
 * the names there (translators.md G18); `none` is the absence of tools (G13).
 * @throws {UserFacingError} 422 when the schema of a tool is none
 */
export function planTools(wish: ToolWish): ToolPlan {
  const { choice, calledNames, answer, receipt } = wish;
  const isForcing = choice?.kind === 'any' || choice?.kind === 'tool';
  if (isForcing && wish.tools.length === 0) receipt.drop('tool_choice');
  if (answer !== undefined && !(isForcing && wish.tools.length > 0)) return answerPlan(wish, answer);
  // The client's tool is called, and nothing is answered.
  if (answer !== undefined) receipt.drop(wish.formatName);
  const isNone = choice?.kind === 'none';
  // They may be called then.
  if (isNone && wish.tools.length > 0 && calledNames.length > 0) receipt.drop('tool_choice');
  const elements = isNone && calledNames.length === 0 ? [] : elementsOf(wish);
  if (elements.length === 0) return { ...configOf(madeUp(calledNames), undefined), isForced: false };
  return { ...configOf(elements, choiceOf(choice)), isForced: isForcing };
}

/** The answer is a call of the tool; where the client's tools may be called first, any call. */
function answerPlan(wish: ToolWish, format: AnswerFormat): ToolPlan {
  const { choice, calledNames, tools } = wish;
  const answerTool = answerToolName(new Set([...tools.map(({ name }) => name), ...calledNames]));
  const isAlone = choice?.kind === 'none' || tools.length === 0;
  const others = isAlone ? madeUp(calledNames) : elementsOf(wish);
  const toolChoice = isAlone ? { tool: { name: answerTool } } : { any: {} };
  return { ...configOf([...others, answerElement(answerTool, format)], toolChoice), isForced: true, answerTool };
}

const configOf = (
  tools: readonly ToolElement[],
  toolChoice: JsonObject | undefined,
): { readonly toolConfig?: ToolConfig } =>
  tools.length === 0 ? {} : { toolConfig: { tools, ...(toolChoice === undefined ? {} : { toolChoice }) } };

const elementsOf = ({ tools, takesStrict, receipt }: ToolWish): readonly ToolElement[] =>
  tools.flatMap((tool) => toolElements(tool, takesStrict, receipt));

/** Names of the tools that history calls, each once. */
export const calledNamesOf = (turns: readonly Turn[]): readonly string[] => [
  ...new Set(
    turns.flatMap(({ pieces }) => pieces.flatMap(({ block }) => ('toolUse' in block ? [block.toolUse.name] : []))),
  ),
];

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

const madeUp = (names: readonly string[]): readonly ToolElement[] =>
  names.map((name) => ({ toolSpec: { name, inputSchema: { json: NO_PARAMETERS } } }));

/** @throws {UserFacingError} 422 when the schema is no object */
function toolElements(tool: ToolDefinition, takesStrict: boolean, receipt: Receipt): readonly ToolElement[] {
  const { path, name, description, cacheControl } = tool;
  const schema = schemaOf(tool);
  const isStrict = tool.isStrict && takesStrict && schemaObstacle(schema) === undefined;
  if (tool.isStrict && !isStrict) receipt.drop(`${path}.strict`);
  const toolSpec = {
    name,
    ...(description ? { description } : {}),
    inputSchema: { json: isStrict ? closeObjects(schema) : schema },
    ...(isStrict ? { strict: true as const } : {}),
  };
  return cacheControl === undefined ? [{ toolSpec }] : [{ toolSpec }, cachePoint(cacheControl)];
}

function schemaOf({ path, schema }: ToolDefinition): JsonObject {
  if (schema === undefined || schema === null) return NO_PARAMETERS;
  if (isJsonObject(schema)) return withType(schema);
  throw new UserFacingError(
    `cannot send "${path}" to AWSBedrock: its parameters are ${kindOf(schema)}, expected a JSON schema, which is an object`,
  );
}

/** Converse wants the type to be told (translators.md G17). */
const withType = (schema: JsonObject): JsonObject => ('type' in schema ? schema : { type: 'object', ...schema });

function choiceOf(choice: ToolChoice | undefined): JsonObject | undefined {
  switch (choice?.kind) {
    case 'auto':
      return { auto: {} };
    case 'any':
      return { any: {} };
    case 'tool':
      return { tool: { name: choice.name } };
    default:
      return undefined;
  }
}

const answerElement = (name: string, { schema, description }: AnswerFormat): ToolElement => ({
  toolSpec: { name, description: answerToolDescription(description), inputSchema: { json: schema } },
});
