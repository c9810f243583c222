import { celEnv, isCelError, isCelUint, parse, plan, type CelEnv } from '@bufbuild/cel';
import { UserFacingError } from '../errors.js';
import type { CostArithmetic } from './cost-arithmetic.js';
import { CheckError, checkCostExpression, type ParsedExpression } from './cost-expression-check.js';
import { COST_VARIABLES, CostBindings, type CostFacts } from './cost-variables.js';
import { NUMERIC_PROMOTION } from './numeric-promotion.js';

/** Longest text of an expression; a price list of 300 models fits. */
export const COST_EXPRESSION_CHARS_MAX = 16_384;
const RESULT_MAX = 2n ** 64n - 1n;
/** Noise of binary fractions: 30 × 0.1 gives 3.0000000000000004 and costs 3, not 4. */
const ROUNDING_TOLERANCE = 1e-12;

/** A compiled cost expression. Stateless: one serves every request. */
export interface CostExpression {
  /**
   * @throws UserFacingError when the expression fails for these facts or gives no number that is 0 or more. The message
   * tells nothing of what request headers hold.
   */
  evaluate(facts: CostFacts): bigint;
}

const ENVIRONMENTS: Readonly<Record<CostArithmetic, CelEnv<typeof COST_VARIABLES>>> = {
  strict: celEnv({ variables: COST_VARIABLES }),
  promote: celEnv({ variables: COST_VARIABLES, funcs: [...NUMERIC_PROMOTION] }),
};
type Evaluator = ReturnType<typeof plan<typeof COST_VARIABLES>>;

/**
 * Compiles a cost expression in CEL (spec extproc.md 16.2, X8). It gives an int or uint, 0 or more, or a double, which is
 * rounded up. Strict arithmetic never mixes int, uint and double: `input_tokens * 2` is refused, `input_tokens * 2u` and
 * `double(input_tokens) * 0.5` are not. With `promote` mixes have values too, and nothing else changes (api.md section 13,
 * row 3).
 *
 * Two dry runs, with all counters 0 and with all counters 1, must not both fail (api.md section 13, row 2): an expression
 * may divide by a counter, and one that can never work is refused. A dry run has no request headers; one that fails after
 * a look at them says nothing about requests that have them.
 *
 * @throws UserFacingError with the reason
 */
export function compileCostExpression(text: string, arithmetic: CostArithmetic = 'strict'): CostExpression {
  const refuse = (reason: string, cause?: unknown) =>
    new UserFacingError(`cannot use the cost expression ${JSON.stringify(excerpt(text))}: ${reason}`, { cause });
  if (text.trim() === '') throw refuse('it is empty');
  if (text.length > COST_EXPRESSION_CHARS_MAX) {
    throw refuse(`it has ${text.length} characters, at most ${COST_EXPRESSION_CHARS_MAX} are allowed`);
  }
  const expression = { evaluate: toEvaluate(text, planExpression(text, ENVIRONMENTS[arithmetic], refuse)) };
  const withZeros = dryRun(expression, 0);
  const withOnes = withZeros === undefined ? undefined : dryRun(expression, 1);
  if (withZeros === undefined || withOnes === undefined) return expression;
  throw refuse(`it fails with all counters 0 (${withZeros}) and with all counters 1 (${withOnes})`);
}

function planExpression(
  text: string,
  environment: CelEnv<typeof COST_VARIABLES>,
  refuse: (reason: string, cause?: unknown) => UserFacingError,
): Evaluator {
  let parsed: ParsedExpression | undefined;
  try {
    parsed = parse(text);
    const result = checkCostExpression(environment, parsed.expr);
    if (!['int', 'uint', 'double', 'dyn'].includes(result)) {
      throw refuse(`the result is of type ${result}; expected int, uint or double`);
    }
    return plan(environment, parsed.expr);
  } catch (error) {
    if (error instanceof UserFacingError) throw error;
    if (error instanceof RangeError) throw refuse('it is nested too deeply', error);
    if (error instanceof CheckError) {
      const offset = parsed?.sourceInfo?.positions[String(error.id)];
      throw refuse(`${offset === undefined ? '' : `at character ${offset + 1}: `}${error.message}`, error);
    }
    throw refuse(`syntax error: ${reasonOf(error).replace(/^<input>:/, 'at ')}`, error);
  }
}

function toEvaluate(text: string, run: Evaluator): CostExpression['evaluate'] {
  return (facts) => {
    const bindings = new CostBindings(facts);
    const result = run(bindings);
    if (isCelError(result)) {
      throw new UserFacingError(bindings.hasReadHeaders ? withoutValues(result.message, text) : result.message);
    }
    const value = isCelUint(result) ? result.value : typeof result === 'number' ? roundUp(result) : result;
    if (typeof value !== 'bigint') throw new UserFacingError('the result is not a number');
    if (value < 0n || value > RESULT_MAX) {
      throw new UserFacingError(`the result${bindings.hasReadHeaders ? '' : ` ${value}`} is outside 0 to 2^64-1`);
    }
    return value;
  };
}

/** Messages of the package that tell types and operators, never a value. */
const VALUELESS =
  /^(?:u?int (?:overflow during (?:_._|type conversion)|(?:divide|modulus) by zero)|found no matching overload for .*|type mismatch: .*)$/;
const MISSING_KEY = 'field not found: ';

/** The message where it tells nothing that comes from a request header, which may be a credential. */
function withoutValues(message: string, text: string): string {
  if (VALUELESS.test(message)) return message;
  if (message.startsWith(MISSING_KEY)) {
    // A name that the expression itself spells is no secret: most often that of a header which this request lacks.
    const key = message.slice(MISSING_KEY.length);
    if ([`'${key}'`, `"${key}"`, `request_headers.${key}`].some((spelled) => text.includes(spelled))) return message;
  }
  return 'it fails on what the request headers hold, which is not shown because it may be a credential';
}

function roundUp(value: number): bigint {
  if (!Number.isFinite(value)) throw new UserFacingError(`the result is ${value}`);
  const nearest = Math.round(value);
  return BigInt(Math.abs(value - nearest) <= Math.abs(value) * ROUNDING_TOLERANCE ? nearest : Math.ceil(value));
}

/** Why the expression can have no value with all counters at `count`; undefined when it has one, or may have one. */
function dryRun(expression: CostExpression, count: number): string | undefined {
  let hasReadHeaders = false;
  const toMap = () => {
    hasReadHeaders = true;
    return new Map<string, string>();
  };
  try {
    expression.evaluate({ ...dryRunFacts(count), requestHeaders: { toMap } });
    return undefined;
  } catch (error) {
    return hasReadHeaders ? undefined : reasonOf(error);
  }
}

function dryRunFacts(count: number): Omit<CostFacts, 'requestHeaders'> {
  return {
    model: 'dummy',
    backend: 'dummy',
    backendShortName: 'dummy',
    backendNamespace: 'dummy',
    routeName: 'dummy',
    schema: 'dummy',
    responseModel: 'dummy',
    usage: {
      inputTokens: count,
      cachedInputTokens: count,
      cacheCreationInputTokens: count,
      outputTokens: count,
      totalTokens: count,
      reasoningTokens: count,
    },
  };
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const excerpt = (text: string) => (text.length <= 80 ? text : `${text.slice(0, 77)}...`);
