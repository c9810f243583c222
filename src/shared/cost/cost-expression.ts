import { celEnv, isCelError, isCelUint, parse, plan } from '@bufbuild/cel';
import { UserFacingError } from '../errors.js';
import { CheckError, checkCostExpression, type ParsedExpression } from './cost-expression-check.js';
import { COST_VARIABLES, CostBindings, type CostFacts } from './cost-variables.js';

/** Longest text of an expression; a price list of 300 models fits. */
export const COST_EXPRESSION_CHARS_MAX = 16_384;
const RESULT_MAX = 2n ** 64n - 1n;
/** Noise of binary fractions: 30 × 0.1 gives 3.0000000000000004 and costs 3, not 4. */
const ROUNDING_TOLERANCE = 1e-12;

/** A compiled cost expression. Stateless: one serves every request. */
export interface CostExpression {
  /** @throws UserFacingError when the expression fails for these facts or gives no number that is 0 or more. */
  evaluate(facts: CostFacts): bigint;
}

const environment = celEnv({ variables: COST_VARIABLES });
type Evaluator = ReturnType<typeof plan<typeof COST_VARIABLES>>;

/**
 * Compiles a cost expression in CEL (spec extproc.md 16.2, X8). It gives an int or uint, 0 or more, or a double, which is
 * rounded up. Arithmetic never mixes int, uint and double: `input_tokens * 2` is refused, `input_tokens * 2u` and
 * `double(input_tokens) * 0.5` are not.
 *
 * Two dry runs, with all counters 0 and with all counters 1, must not both fail (api.md section 13, row 2): an expression
 * may divide by a counter, and one that can never work is refused.
 *
 * @throws UserFacingError with the reason
 */
export function compileCostExpression(text: string): CostExpression {
  const refuse = (reason: string, cause?: unknown) =>
    new UserFacingError(`cannot use the cost expression ${JSON.stringify(excerpt(text))}: ${reason}`, { cause });
  if (text.trim() === '') throw refuse('it is empty');
  if (text.length > COST_EXPRESSION_CHARS_MAX) {
    throw refuse(`it has ${text.length} characters, at most ${COST_EXPRESSION_CHARS_MAX} are allowed`);
  }
  const expression = { evaluate: toEvaluate(planExpression(text, refuse)) };
  try {
    expression.evaluate(dryRunFacts(0));
  } catch (withZeros) {
    try {
      expression.evaluate(dryRunFacts(1));
    } catch (withOnes) {
      throw refuse(
        `it fails with all counters 0 (${reasonOf(withZeros)}) and with all counters 1 (${reasonOf(withOnes)})`,
      );
    }
  }
  return expression;
}

function planExpression(text: string, refuse: (reason: string, cause?: unknown) => UserFacingError): Evaluator {
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

function toEvaluate(run: Evaluator): CostExpression['evaluate'] {
  return (facts) => {
    const result = run(new CostBindings(facts));
    if (isCelError(result)) throw new UserFacingError(result.message);
    const value = isCelUint(result) ? result.value : typeof result === 'number' ? roundUp(result) : result;
    if (typeof value !== 'bigint') throw new UserFacingError('the result is not a number');
    if (value < 0n || value > RESULT_MAX) throw new UserFacingError(`the result ${value} is outside 0 to 2^64-1`);
    return value;
  };
}

function roundUp(value: number): bigint {
  if (!Number.isFinite(value)) throw new UserFacingError(`the result is ${value}`);
  const nearest = Math.round(value);
  return BigInt(Math.abs(value - nearest) <= Math.abs(value) * ROUNDING_TOLERANCE ? nearest : Math.ceil(value));
}

function dryRunFacts(count: number): CostFacts {
  return {
    model: 'dummy',
    backend: 'dummy',
    backendName: 'dummy',
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
