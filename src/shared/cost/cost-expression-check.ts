import { CelScalar, type CelEnv, type CelMapType, type parse } from '@bufbuild/cel';
import { COST_ARITHMETIC_ANNOTATION } from './cost-arithmetic.js';

/** Syntax tree as the package parses it. */
export type ParsedExpression = ReturnType<typeof parse>;
type Expression = ParsedExpression['expr'];
type Kind<C extends Expression['exprKind']['case']> = Extract<Expression['exprKind'], { readonly case: C }>['value'];

/** Names of CEL types; `dyn` is known only at evaluation. */
type TypeName = string;
type Scope = ReadonlyMap<string, TypeName>;

/** Work that one evaluation may do, in nodes; about 10 ms. */
const STEPS_MAX = 100_000;
const DYN = 'dyn';
const NUMERIC = new Set(['int', 'uint', 'double']);
const ITERABLE = new Set(['list', 'map', DYN]);
const TYPE_NAMES = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

/** The message says why, for the author of the expression; `id` finds the place in the source. */
export class CheckError extends Error {
  constructor(
    message: string,
    readonly id: bigint,
  ) {
    super(message);
  }
}

/**
 * Type check of a cost expression, which the package leaves to evaluation: without it a mistake in a branch that the dry
 * run does not take would come to light with the first request that does. Operators take the types of the environment's
 * overloads; unlike in the reference, comparisons and the branches of `?:` may mix numbers (the language defines that).
 *
 * It also bounds the work: macros (`all`, `exists`, `map`, `filter` …) must not be nested.
 *
 * @returns name of the result type
 * @throws CheckError
 */
export function checkCostExpression(env: CelEnv, expression: Expression): TypeName {
  return new Checker(env, countNodes(expression)).typeOf(expression, new Map());
}

class Checker {
  #steps = 0;
  #insideMacro = false;

  constructor(
    private readonly env: CelEnv,
    private readonly nodes: number,
  ) {}

  typeOf(expression: Expression, scope: Scope): TypeName {
    const { exprKind: kind, id } = expression;
    switch (kind.case) {
      case 'constExpr':
        return constantType(kind.value, id);
      case 'identExpr':
        return this.#identType(kind.value.name, id, scope);
      case 'selectExpr':
        return this.#selectType(kind.value, id, scope);
      case 'callExpr':
        return this.#callType(kind.value, id, scope);
      case 'listExpr':
        for (const element of kind.value.elements) this.typeOf(element, scope);
        return 'list';
      case 'structExpr':
        return this.#mapType(kind.value, id, scope);
      case 'comprehensionExpr':
        return this.#macroType(kind.value, id, scope);
      case undefined:
        throw new CheckError('the expression is incomplete', id);
    }
  }

  #identType(name: string, id: bigint, scope: Scope): TypeName {
    const bare = name.replace(/^\./, '');
    const type = scope.get(name) ?? this.env.variables.find(bare)?.name;
    if (type !== undefined) return type;
    if (TYPE_NAMES.has(bare)) return 'type';
    const known = [...this.env.variables].map(([variable]) => variable);
    throw new CheckError(`undeclared reference to '${name}'; known are ${known.join(', ')}`, id);
  }

  #selectType(select: Kind<'selectExpr'>, id: bigint, scope: Scope): TypeName {
    const operand = select.operand ? this.typeOf(select.operand, scope) : DYN;
    if (operand !== 'map' && operand !== DYN) {
      throw new CheckError(`type '${operand}' has no field '${select.field}'`, id);
    }
    const map = this.#mapVariable(select.operand, scope);
    if (map) requireLowerCase(select.field, id);
    return select.testOnly ? 'bool' : (map?.value.name ?? DYN);
  }

  /** The type of a variable that is a map; undefined for other operands, of which only the evaluation knows what they hold. */
  #mapVariable(operand: Expression | undefined, scope: Scope): CelMapType | undefined {
    if (operand?.exprKind.case !== 'identExpr') return undefined;
    const { name } = operand.exprKind.value;
    const type = scope.has(name) ? undefined : this.env.variables.find(name.replace(/^\./, ''));
    return type?.kind === 'map' ? type : undefined;
  }

  #mapType(struct: Kind<'structExpr'>, id: bigint, scope: Scope): TypeName {
    if (struct.messageName !== '') throw new CheckError(`unknown type '${struct.messageName}'`, id);
    for (const entry of struct.entries) {
      if (entry.keyKind.case === 'mapKey') this.typeOf(entry.keyKind.value, scope);
      if (entry.value) this.typeOf(entry.value, scope);
    }
    return 'map';
  }

  #callType(call: Kind<'callExpr'>, id: bigint, scope: Scope): TypeName {
    const target = call.target && this.typeOf(call.target, scope);
    const args = call.args.map((arg) => this.typeOf(arg, scope));
    const mismatch = () => new CheckError(mismatchText(call.function, target, args), id);
    const [first = DYN, second = DYN, third = DYN] = args;
    switch (call.function) {
      case '_?_:_':
        if (!agree(first, 'bool')) throw mismatch();
        if (second === third) return second;
        if (agree(second, third) || (NUMERIC.has(second) && NUMERIC.has(third))) return DYN;
        throw mismatch();
      case '_&&_':
      case '_||_':
        if (!args.every((arg) => agree(arg, 'bool'))) throw mismatch();
        return 'bool';
      case '_==_':
      case '_!=_':
        if (!agree(first, second) && !(NUMERIC.has(first) && NUMERIC.has(second))) throw mismatch();
        return 'bool';
      case '_[_]':
        if (!ITERABLE.has(first)) throw mismatch();
        return this.#elementType(call.args, second, scope) ?? fail(mismatch());
      case '@not_strictly_false':
        return 'bool';
      case '@in':
        if (this.#mapVariable(call.args[1], scope)) requireLowerCaseLiteral(call.args[0]);
        return this.#overloadType(call.function, target, args, id) ?? fail(mismatch());
      default:
        return this.#overloadType(call.function, target, args, id) ?? fail(mismatch());
    }
  }

  /** Type of what an index finds; undefined when the operand has no such indexes. */
  #elementType([operand, key]: readonly Expression[], keyType: TypeName, scope: Scope): TypeName | undefined {
    const map = this.#mapVariable(operand, scope);
    if (!map) return DYN;
    requireLowerCaseLiteral(key);
    return agree(map.key.name, keyType) ? map.value.name : undefined;
  }

  /** Result type of the overloads that fit; undefined when none does. */
  #overloadType(name: string, target: TypeName | undefined, args: readonly TypeName[], id: bigint) {
    const group = this.env.funcs.find(name);
    if (!group) throw new CheckError(`undeclared reference to '${name}'`, id);
    const results = new Set<TypeName>();
    for (const overload of group) {
      const fits =
        (target === undefined) === (overload.target === undefined) &&
        (target === undefined || agree(target, overload.target!.name)) &&
        args.length === overload.arguments.length &&
        args.every((arg, i) => agree(arg, overload.arguments[i]!.name));
      if (fits) results.add(overload.result.name);
    }
    return results.size > 1 ? DYN : results.values().next().value;
  }

  #macroType(macro: Kind<'comprehensionExpr'>, id: bigint, scope: Scope): TypeName {
    // One level keeps the work and the size of intermediate text and lists within the square of the source's length.
    if (this.#insideMacro) throw new CheckError('all, exists, exists_one, map and filter must not be nested', id);
    this.#insideMacro = true;
    const { accuInit, iterRange, loopCondition, loopStep, result, accuVar, iterVar } = macro;
    const range = iterRange ? this.typeOf(iterRange, scope) : DYN;
    if (!ITERABLE.has(range)) throw new CheckError(`type '${range}' cannot be iterated`, id);
    const accumulator = accuInit ? this.typeOf(accuInit, scope) : DYN;
    const inner = new Map([...scope, [accuVar, DYN], [iterVar, DYN]]);
    for (const part of [loopCondition, loopStep, result]) if (part) this.typeOf(part, inner);
    this.#insideMacro = false;

    // Envoy lets a hundred request headers pass (`max_headers_count`): far from the limit in an expression of fewer nodes.
    const iterations = iterRange?.exprKind.case === 'listExpr' ? iterRange.exprKind.value.elements.length : this.nodes;
    this.#steps += iterations * (loopStep ? countNodes(loopStep) : 1);
    if (this.#steps > STEPS_MAX) throw new CheckError('the expression is too expensive; shorten its lists', id);
    return accumulator === 'list' || accumulator === 'bool' ? accumulator : DYN;
  }
}

const agree = (a: TypeName, b: TypeName) => a === b || a === DYN || b === DYN;

function fail(error: CheckError): never {
  throw error;
}

/** The only variable that is a map has names of headers for keys, and another spelling would never be found. */
function requireLowerCase(key: string, id: bigint): void {
  const lower = key.toLowerCase();
  if (key !== lower) throw new CheckError(`names of headers are in lower case here: write '${lower}'`, id);
}

function requireLowerCaseLiteral(key: Expression | undefined): void {
  const constant = key?.exprKind.case === 'constExpr' ? key.exprKind.value.constantKind : undefined;
  if (key && constant?.case === 'stringValue') requireLowerCase(constant.value, key.id);
}

function mismatchText(name: string, target: TypeName | undefined, args: readonly TypeName[]): string {
  const operands = `${target === undefined ? '' : `${target}.`}(${args.join(', ')})`;
  const isMix = args.length === 2 && args[0] !== args[1] && args.every((arg) => NUMERIC.has(arg));
  return `found no matching overload for '${name}' applied to '${operands}'${isMix ? mixHint(name, args) : ''}`;
}

function mixHint(name: string, args: readonly TypeName[]): string {
  if (name === '_%_' && args.includes('double')) return '; % takes whole numbers only: convert with int() or uint()';
  return `; write literals for token counters as 2u or convert with int(), uint() or double(), or let numbers be promoted by annotation ${COST_ARITHMETIC_ANNOTATION}: promote`;
}

function constantType(constant: Kind<'constExpr'>, id: bigint): TypeName {
  switch (constant.constantKind.case) {
    case 'int64Value':
      return CelScalar.INT.name;
    case 'uint64Value':
      return CelScalar.UINT.name;
    case 'doubleValue':
      return CelScalar.DOUBLE.name;
    case 'boolValue':
      return CelScalar.BOOL.name;
    case 'stringValue':
      return CelScalar.STRING.name;
    case 'bytesValue':
      return CelScalar.BYTES.name;
    case 'nullValue':
      return CelScalar.NULL.name;
    default:
      throw new CheckError('unknown kind of literal', id);
  }
}

function countNodes(expression: Expression): number {
  const { exprKind: kind } = expression;
  const sum = (parts: readonly (Expression | undefined)[]) =>
    parts.reduce((total, part) => total + (part ? countNodes(part) : 0), 1);
  switch (kind.case) {
    case 'selectExpr':
      return sum([kind.value.operand]);
    case 'callExpr':
      return sum([kind.value.target, ...kind.value.args]);
    case 'listExpr':
      return sum(kind.value.elements);
    case 'structExpr':
      return sum(
        kind.value.entries.flatMap((entry) => [
          entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined,
          entry.value,
        ]),
      );
    case 'comprehensionExpr':
      return sum([
        kind.value.accuInit,
        kind.value.iterRange,
        kind.value.loopCondition,
        kind.value.loopStep,
        kind.value.result,
      ]);
    default:
      return 1;
  }
}
