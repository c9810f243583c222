import type { ThinkingLevel } from './wire.js';

/** What the name of a model tells of its abilities. @see spec translators.md 5.8 and 18.2.3 */
export interface GeminiModel {
  /** Takes JSON schemas as they are: 2.5 and newer. Others get Gemini's own kind of schema. */
  readonly takesJsonSchema: boolean;
  /** Takes a media resolution, and media inside of function responses: 3 and newer. */
  readonly isGemini3: boolean;
  readonly thinking: ThinkingControl;
}

export type ThinkingControl =
  /** Cannot think: before 2.5. */
  | { readonly kind: 'none' }
  /** The name tells no version. */
  | { readonly kind: 'unknown' }
  /** Tokens; `canBeOff`: 0 is allowed besides the range. */
  | { readonly kind: 'budget'; readonly min: number; readonly max: number; readonly canBeOff: boolean }
  /** From the lowest to the highest. */
  | { readonly kind: 'level'; readonly levels: readonly ThinkingLevel[] };

/** The version follows the family name, maybe behind words as in `gemini-live-2.5-flash`; longer numbers are dates. */
const VERSION = /gemini-(?:[a-z]+-){0,3}(\d{1,2})(?:\.(\d{1,2}))?(?!\d)/i;

/** Reads `gemini-<major>[.<minor>]` and the tier anywhere in a model name (translators.md G28); any text is fine. */
export function parseGeminiModel(name: string): GeminiModel {
  const version = VERSION.exec(name);
  if (version === null) return { takesJsonSchema: false, isGemini3: false, thinking: { kind: 'unknown' } };
  // 3.10 is newer than 3.7.
  const order = Number(version[1]) * 100 + Number(version[2] ?? 0);
  return {
    takesJsonSchema: order >= 205,
    isGemini3: order >= 300,
    thinking: order >= 300 ? levelControl(order, tierOf(name)) : budgetControl(order, tierOf(name)),
  };
}

type Tier = 'pro' | 'flash' | 'flash-lite';

/** A name without a tier counts as Pro, which can the least. */
function tierOf(name: string): Tier {
  if (/flash-lite/i.test(name)) return 'flash-lite';
  return /flash/i.test(name) ? 'flash' : 'pro';
}

function budgetControl(order: number, tier: Tier): ThinkingControl {
  if (order < 205) return { kind: 'none' };
  switch (tier) {
    case 'pro':
      return { kind: 'budget', min: 128, max: 32_768, canBeOff: false };
    case 'flash':
      return { kind: 'budget', min: 1, max: 24_576, canBeOff: true };
    case 'flash-lite':
      return { kind: 'budget', min: 512, max: 24_576, canBeOff: true };
  }
}

function levelControl(order: number, tier: Tier): ThinkingControl {
  if (tier === 'pro') return { kind: 'level', levels: order === 300 ? ['LOW', 'HIGH'] : ['LOW', 'MEDIUM', 'HIGH'] };
  return { kind: 'level', levels: order < 307 ? ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] : ['LOW', 'MEDIUM', 'HIGH'] };
}

/** The characters that could end the segment of the path, or are not allowed in one. */
const UNSAFE = /[^!-~]|[/?#%\\]/gu;

/**
 * Path of a call of a model, without a leading slash: the authentication of GCP puts project and region before it. Only what
 * could break the path is percent-encoded, so that a model name cannot reach another path.
 * @param method e.g. `countTokens` @see spec translators.md section 1, "Notes on paths"
 */
export const modelPath = (model: string, method: string): string =>
  `publishers/google/models/${model.toWellFormed().replace(UNSAFE, encodeURIComponent)}:${method}`;

/** Path of a generation. */
export const generatePath = (model: string, isStreaming: boolean): string =>
  modelPath(model, isStreaming ? 'streamGenerateContent?alt=sse' : 'generateContent');
