import { celEnv, isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Finding } from './finding.js';
import { isJsonObject, member, type StructuralSchema } from './structural-schema.js';
import { subschemas, walkSchema } from './walk-schema.js';

const environment = celEnv({ funcs: strings });

interface CompiledRule {
  readonly message: string;
  readonly evaluate: (self: CelInput) => unknown;
}

/**
 * Compiles all `x-kubernetes-validations` of a schema, once. The returned check runs each rule on each value it stands on.
 * The value must have passed the structural checks, as in the API server.
 * @throws Error when a rule is not valid CEL; it names the rule.
 */
export function compileRules(schema: StructuralSchema): (value: unknown) => readonly Finding[] {
  const compiled = new Map<StructuralSchema, readonly CompiledRule[]>();
  for (const inner of subschemas(schema)) {
    const rules = inner['x-kubernetes-validations'];
    if (rules !== undefined) compiled.set(inner, rules.map(compileRule));
  }
  return (value) => {
    const findings: Finding[] = [];
    walkSchema(value, schema, (inner, innerSchema, path) => {
      for (const { message, evaluate } of compiled.get(innerSchema) ?? []) {
        const result = evaluate(toCel(inner, innerSchema));
        if (isCelError(result)) {
          findings.push({
            path,
            message: `${message} (the rule cannot be evaluated: ${result.message})`,
            severity: 'error',
          });
        } else if (result !== true) findings.push({ path, message, severity: 'error' });
      }
    });
    return findings;
  };
}

function compileRule({ rule, message }: { readonly rule: string; readonly message: string }): CompiledRule {
  try {
    const evaluate = plan(environment, parse(rule));
    return { message, evaluate: (self) => evaluate({ self }) };
  } catch (cause) {
    throw new Error(`cannot compile the CEL rule ${JSON.stringify(rule)} of a resource schema`, { cause });
  }
}

/** Plain data as CEL sees it: integers are `int`, not `double`. */
function toCel(value: unknown, schema: StructuralSchema | undefined): CelInput {
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (isJsonObject(value)) {
    return new Map(
      Object.entries(value).map(([name, inner]) => [
        name,
        toCel(inner, member(schema?.properties, name) ?? schema?.additionalProperties),
      ]),
    );
  }
  if (typeof value === 'number' && schema?.type !== 'number' && Number.isInteger(value)) return BigInt(value);
  return value as string | number | boolean | null;
}

const matcher = plan(environment, parse('text.matches(pattern)'));

/** A pattern in the syntax of the API server (RE2): runs in linear time whatever the pattern and the text are. */
export function re2(pattern: string): { readonly test: (text: string) => boolean } {
  return { test: (text) => matcher({ text, pattern }) === true };
}
