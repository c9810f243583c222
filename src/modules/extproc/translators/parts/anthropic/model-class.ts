/** Where a model of Anthropic's is served. */
export type ClaudePlatform = 'anthropic' | 'aws' | 'gcp';

export const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof EFFORTS)[number];

/** What a model takes. @see spec translators.md 18.1.3 */
export interface ClaudeTraits {
  /**
   * `none`: it cannot think. `budget`: `enabled` with a budget, not `adaptive`. `either`: both. `adaptive`: only that.
   * `as asked`: the model is not known, the client must know.
   */
  readonly thinking: 'none' | 'budget' | 'either' | 'adaptive' | 'as asked';
  /** False for models that always think and refuse `disabled`. */
  readonly canStopThinking: boolean;
  /** With thinking disabled it takes no effort above `high`. */
  readonly needsThinkingAboveHigh: boolean;
  /** Empty: it has no such parameter. */
  readonly efforts: readonly Effort[];
  /** `one`: temperature or top_p, not both. `none`: nothing but the defaults. */
  readonly sampling: 'all' | 'one' | 'none';
  /** It takes `output_config.format`. */
  readonly hasStructuredOutput: boolean;
}

/** A family and a version in a model name; the version of an unknown newer name is infinite. */
interface ClaudeName {
  readonly family: string;
  /** Major and minor as one number: 4.5 is 405. */
  readonly version: number;
}

const VERSION = /(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;
/** `claude-3-5-sonnet`, `claude-3-haiku`. */
const OLD_VERSION = /claude-(\d)(?:[-.](\d))?-(opus|sonnet|haiku)/;
const OLDEST = /claude-(?:v?[12](?![\d])|instant)/;
/** The family of a name without a version, e.g. `claude-mythos-preview`. */
const FAMILY = /(opus|sonnet|haiku|fable|mythos)-(?:preview|latest)|claude-([a-z]+)|claude/;

/**
 * Reads names as Anthropic, Bedrock and Vertex write them, whatever stands around; 8 digits are a date. Undefined for a name
 * that is none of Claude's, e.g. of an application inference profile.
 */
function parseName(model: string): ClaudeName | undefined {
  const name = model.toLowerCase();
  const old = OLD_VERSION.exec(name);
  if (old) return { family: old[3]!, version: versionOf(old[1], old[2]) };
  if (OLDEST.test(name)) return { family: 'claude', version: 200 };
  const found = VERSION.exec(name);
  if (found) return { family: found[1]!, version: versionOf(found[2], found[3]) };
  const family = FAMILY.exec(name);
  return family ? { family: family[1] ?? family[2] ?? 'claude', version: Infinity } : undefined;
}

const versionOf = (major = '0', minor = '0') => Number(major) * 100 + Number(minor);

const ALL_EFFORTS = EFFORTS;
const EFFORTS_OF_4_6: readonly Effort[] = ['low', 'medium', 'high', 'max'];
const EFFORTS_OF_OPUS_4_5: readonly Effort[] = ['low', 'medium', 'high'];
const STOPPABLE: ReadonlySet<string> = new Set(['opus', 'sonnet', 'haiku']);

const UNKNOWN: ClaudeTraits = {
  thinking: 'as asked',
  canStopThinking: true,
  needsThinkingAboveHigh: false,
  efforts: [],
  sampling: 'all',
  hasStructuredOutput: false,
};

/** Unknown newer names of Claude can what the newest can (translators.md G30). */
export function traitsOf(model: string, platform: ClaudePlatform): ClaudeTraits {
  const name = parseName(model);
  if (name === undefined) return UNKNOWN;
  const { family, version } = name;
  if (version <= 405) return upTo45(name, platform);
  if (version === 406 && (family === 'opus' || family === 'sonnet')) {
    return { ...UNKNOWN, thinking: 'either', efforts: EFFORTS_OF_4_6, hasStructuredOutput: true };
  }
  return {
    thinking: 'adaptive',
    canStopThinking: STOPPABLE.has(family),
    needsThinkingAboveHigh: family === 'opus' && version >= 500,
    efforts: ALL_EFFORTS,
    sampling: 'none',
    hasStructuredOutput: true,
  };
}

function upTo45({ family, version }: ClaudeName, platform: ClaudePlatform): ClaudeTraits {
  return {
    ...UNKNOWN,
    thinking: version >= 307 ? 'budget' : 'none',
    efforts: family === 'opus' && version === 405 ? EFFORTS_OF_OPUS_4_5 : [],
    sampling: version >= 401 ? 'one' : 'all',
    // Only Anthropic itself is known to offer it for Opus 4.1 (5.4, 18.1.3).
    hasStructuredOutput: version === 405 || (family === 'opus' && version === 401 && platform === 'anthropic'),
  };
}
