import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { ThinkingControl } from './model.js';
import type { ThinkingConfig, ThinkingLevel } from './wire.js';

/** What a client wants of the model's thinking. Undefined members: not told. */
export interface ThinkingWish {
  readonly kind: 'enabled' | 'adaptive' | 'disabled' | undefined;
  /** Of `enabled`; -1: as much as the model likes. */
  readonly budgetTokens?: number | undefined;
  readonly includeThoughts?: boolean | undefined;
  /** none, minimal, low, medium, high, xhigh, max or anything else; empty: not told. */
  readonly effort?: string | undefined;
  /** In the client's body. */
  readonly effortPath: string;
}

/** Tokens from which a budget is more than the lowest, and more than the medium level. @see spec translators.md 18.2.3 */
const LOWEST_LEVEL_TOKENS_MAX = 1024;
const MEDIUM_LEVEL_TOKENS_MAX = 8192;

const DYNAMIC = -1;

/**
 * Budget or level, never both: Gemini refuses that. A wish that the model can only come near to is in the receipt.
 * @throws {UserFacingError} 422 for an effort that the model cannot make
 * @see spec translators.md 18.2.3, G12 and G28
 */
export function toThinkingConfig(
  control: ThinkingControl,
  wish: ThinkingWish,
  receipt: Receipt,
): ThinkingConfig | undefined {
  const effort = wish.effort ? effortOf(wish.effort, wish.effortPath) : undefined;
  const isMet = effort === undefined || (effort === 'none' && control.kind === 'none');
  if (!isMet && !usesEffort(control, wish)) receipt.drop(wish.effortPath);
  if (control.kind === 'none') {
    if (wish.kind === 'enabled' || wish.kind === 'adaptive') receipt.drop('thinking');
    return undefined;
  }
  switch (wish.kind) {
    case 'enabled':
      return { ...visibility(wish.includeThoughts), ...ofBudget(control, wish.budgetTokens, receipt) };
    case 'disabled':
      return { includeThoughts: false, ...ofDisabled(control, receipt) };
    case 'adaptive':
      return {
        ...visibility(wish.includeThoughts),
        ...(usesEffort(control, wish) ? ofEffort(control, effort, wish, receipt) : ofAdaptive(control)),
      };
    case undefined: {
      const config = { ...visibility(wish.includeThoughts), ...ofEffort(control, effort, wish, receipt) };
      return Object.keys(config).length === 0 ? undefined : config;
    }
  }
}

/** A budget and a switch-off say more than an effort. */
const usesEffort = (control: ThinkingControl, { kind, effort }: ThinkingWish) =>
  Boolean(effort) &&
  (control.kind === 'budget' || control.kind === 'level') &&
  (kind === undefined || kind === 'adaptive');

const visibility = (includeThoughts: boolean | undefined) => (includeThoughts === undefined ? {} : { includeThoughts });

type Control = Exclude<ThinkingControl, { kind: 'none' }>;

function ofBudget(control: Control, tokens: number | undefined, receipt: Receipt): ThinkingConfig {
  if (tokens === undefined) return {};
  switch (control.kind) {
    case 'unknown':
      return { thinkingBudget: tokens };
    case 'budget': {
      const thinkingBudget = clamped(control, tokens);
      if (thinkingBudget !== tokens) receipt.drop('thinking.budget_tokens');
      return { thinkingBudget };
    }
    case 'level':
      receipt.drop('thinking.budget_tokens');
      return tokens === DYNAMIC ? {} : { thinkingLevel: levelOfBudget(control.levels, tokens) };
  }
}

function clamped({ min, max, canBeOff }: Extract<Control, { kind: 'budget' }>, tokens: number): number {
  if (tokens === DYNAMIC || (tokens === 0 && canBeOff)) return tokens;
  return Math.min(Math.max(tokens, min), max);
}

function levelOfBudget(levels: readonly ThinkingLevel[], tokens: number): ThinkingLevel {
  if (tokens <= LOWEST_LEVEL_TOKENS_MAX) return levels[0]!;
  return tokens <= MEDIUM_LEVEL_TOKENS_MAX ? nearestLevel(levels, 'MEDIUM') : 'HIGH';
}

/** The level, or the next one above it: every model has HIGH. */
function nearestLevel(levels: readonly ThinkingLevel[], level: ThinkingLevel): ThinkingLevel {
  const order: readonly ThinkingLevel[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
  return order.slice(order.indexOf(level)).find((candidate) => levels.includes(candidate)) ?? 'HIGH';
}

function ofDisabled(control: Control, receipt: Receipt): ThinkingConfig {
  if (control.kind === 'budget' && control.canBeOff) return { thinkingBudget: 0 };
  receipt.drop('thinking');
  switch (control.kind) {
    case 'unknown':
      return {};
    case 'budget':
      return { thinkingBudget: control.min };
    case 'level':
      return { thinkingLevel: control.levels[0]! };
  }
}

const ofAdaptive = (control: Control): ThinkingConfig => (control.kind === 'budget' ? { thinkingBudget: DYNAMIC } : {});

type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
const EFFORTS: ReadonlySet<string> = new Set<Effort>(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

function effortOf(text: string, path: string): Effort {
  if (EFFORTS.has(text)) return text as Effort;
  throw new UserFacingError(`"${path}" must be one of ${[...EFFORTS].join(', ')} for this backend, found another word`);
}

/** Budgets as Google's own OpenAI-compatible endpoint has them. */
const EFFORT_BUDGETS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};

const EFFORT_LEVELS: Readonly<Record<Exclude<Effort, 'none'>, ThinkingLevel>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

function ofEffort(
  control: Control,
  effort: Effort | undefined,
  { effortPath }: ThinkingWish,
  receipt: Receipt,
): ThinkingConfig {
  if (effort === undefined || control.kind === 'unknown') return {};
  if (effort === 'none') return withoutEffort(control, effortPath, receipt);
  const isBeyond = effort === 'xhigh' || effort === 'max';
  if (control.kind === 'budget') {
    if (isBeyond) receipt.drop(effortPath);
    return { thinkingBudget: clamped(control, EFFORT_BUDGETS[effort]) };
  }
  const thinkingLevel = nearestLevel(control.levels, EFFORT_LEVELS[effort]);
  if (isBeyond || thinkingLevel !== EFFORT_LEVELS[effort]) receipt.drop(effortPath);
  return { thinkingLevel };
}

/** As in the reference, MINIMAL comes near enough to none; what has no such level cannot do without thinking. */
function withoutEffort(control: Control, effortPath: string, receipt: Receipt): ThinkingConfig {
  if (control.kind === 'budget' && control.canBeOff) return { thinkingBudget: 0 };
  if (control.kind === 'level' && control.levels.includes('MINIMAL')) {
    receipt.drop(effortPath);
    return { thinkingLevel: 'MINIMAL' };
  }
  throw new UserFacingError(`"${effortPath}" must not be "none" for this model, which always thinks: ask for "low"`);
}
