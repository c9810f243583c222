import { traitsOf, type ClaudeTraits } from '../anthropic/model-class.js';

/**
 * Families of models whose vendor parameters differ; `mistral` and `plain` have none for thinking.
 * @see spec translators.md 18.4.4
 */
export type ModelFamily = 'claude' | 'nova' | 'nova-2' | 'gpt-oss' | 'mistral' | 'plain' | 'other';

const FAMILIES: readonly (readonly [ModelFamily, RegExp])[] = [
  ['claude', /claude/],
  ['nova-2', /\bnova-(?:[a-z]+-)?2(?!\d)/],
  ['nova', /\bnova-/],
  ['gpt-oss', /gpt-oss/],
  ['mistral', /mistral|mixtral|magistral|ministral|pixtral|voxtral/],
  ['plain', /\b(?:llama|titan|command|jamba)/],
];

/** By the name anywhere in the model id or ARN; the id of an inference profile of one's own tells nothing: `other`. */
export function modelFamily(model: string): ModelFamily {
  const name = model.toLowerCase();
  return FAMILIES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
}

/** Of other families: those of a model that Claude's names tell nothing of. */
export const traitsIn = (family: ModelFamily, model: string): ClaudeTraits =>
  traitsOf(family === 'claude' ? model : '', 'aws');

/** Open-weight models that Converse constrains to a schema. @see spec translators.md 18.4.2 */
const STRUCTURED =
  /qwen3|deepseek\.v3|gemma-3|nemotron|minimax|moonshot|kimi|mistral-large-3|ministral|magistral|voxtral|gpt-oss/i;

export const isStructuredOpenWeight = (model: string): boolean => STRUCTURED.test(model);
