import { compileRules } from './cel-rules.js';
import { checkLists } from './check-lists.js';
import { compileValueChecks } from './check-values.js';
import type { Describe, Finding } from './finding.js';
import { normalise, type NormaliseSettings } from './normalise.js';
import type { StructuralSchema } from './structural-schema.js';

/** Checks an object and gives it back as the API server would store it. */
export type ValidateObject = (
  object: unknown,
  settings: { readonly lenient: boolean; readonly describe: Describe },
) => { readonly object: unknown; readonly findings: readonly Finding[] };

/**
 * Compiles a schema: unknown members and defaults, then types and ranges, then lists, then CEL rules.
 * As in the API server, the rules run only when everything before them is right.
 */
export function compileKind(schema: StructuralSchema, traits: Pick<NormaliseSettings, 'partial'>): ValidateObject {
  const checkValues = compileValueChecks(schema);
  const checkRules = compileRules(schema);
  return (object, { lenient, describe }) => {
    const findings: Finding[] = [];
    const report = (finding: Finding) => findings.push(finding);
    const normalised = normalise(object, schema, [], { lenient, partial: traits.partial, report });
    findings.push(...checkValues(normalised, describe), ...checkLists(normalised, schema));
    if (!findings.some(({ severity }) => severity === 'error')) findings.push(...checkRules(normalised));
    return { object: normalised, findings };
  };
}
