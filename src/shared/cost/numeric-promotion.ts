import { CelScalar, celFunc, type CelFunc, type CelUint } from '@bufbuild/cel';

const { INT, UINT, DOUBLE } = CelScalar;
type Whole = bigint | CelUint;

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

const WHOLE_OPERATORS: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '_+_': (left, right) => left + right,
  '_-_': (left, right) => left - right,
  '_*_': (left, right) => left * right,
  '_/_': (left, right) => left / nonZero(right, 'divide'),
  '_%_': (left, right) => left % nonZero(right, 'modulus'),
};

const DOUBLE_OPERATORS: Readonly<Record<string, (left: number, right: number) => number>> = {
  '_+_': (left, right) => left + right,
  '_-_': (left, right) => left - right,
  '_*_': (left, right) => left * right,
  '_/_': (left, right) => left / right,
};

/**
 * Overloads of the operators for operands of two numeric types, which CEL leaves undefined: int and uint give int, a double
 * with any gives double. The overloads of CEL itself stay as they are, so that whatever has a value without these has the
 * same value with them. `%` of doubles stays undefined.
 *
 * As in CEL, a result beyond int64 is an error, and so is a division of whole numbers by zero; `1.0 / 0` is infinite.
 */
export const NUMERIC_PROMOTION: readonly CelFunc[] = [
  ...Object.entries(WHOLE_OPERATORS).flatMap(([name, compute]) => {
    const whole = (left: Whole, right: Whole) => withinInt(compute(toInt(left), toInt(right)), name);
    return [celFunc(name, [INT, UINT], INT, whole), celFunc(name, [UINT, INT], INT, whole)];
  }),
  ...Object.entries(DOUBLE_OPERATORS).flatMap(([name, compute]) => {
    const double = (left: Whole | number, right: Whole | number) => compute(toDouble(left), toDouble(right));
    return [
      celFunc(name, [INT, DOUBLE], DOUBLE, double),
      celFunc(name, [DOUBLE, INT], DOUBLE, double),
      celFunc(name, [UINT, DOUBLE], DOUBLE, double),
      celFunc(name, [DOUBLE, UINT], DOUBLE, double),
    ];
  }),
];

const toInt = (value: Whole) => (typeof value === 'bigint' ? value : value.value);
const toDouble = (value: Whole | number) => (typeof value === 'number' ? value : Number(toInt(value)));

/** What an overload throws becomes the error of the expression; the words are those of the package for equal types. */
function withinInt(value: bigint, operator: string): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new Error(`int overflow during ${operator}`);
  return value;
}

function nonZero(value: bigint, operation: string): bigint {
  if (value === 0n) throw new Error(`int ${operation} by zero`);
  return value;
}
