/** Something wrong at one place of the input. `message` never holds the value of a Secret or of a variable. */
export interface Problem {
  readonly file: string;
  /** Line in `file`, from 1. */
  readonly line: number;
  /** Display name of the object, e.g. `AIGatewayRoute default/llm`; absent when the text is not an object yet. */
  readonly object?: string;
  /** Where in the object, e.g. `spec.rules[0].name`; empty for the object or the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** `error`: the object is not used. `warning`: it is used, but not as somebody may expect. */
  readonly severity: 'error' | 'warning';
}

/** One line for people: `quickstart.yaml:12: AIGatewayRoute default/llm: spec.rules[0].name: found …`. */
export function formatProblem(problem: Problem): string {
  const parts = [`${problem.file}:${problem.line}`];
  if (problem.severity === 'warning') parts.push('warning');
  if (problem.object !== undefined) parts.push(problem.object);
  if (problem.path !== '') parts.push(problem.path);
  return [...parts, problem.message].join(': ');
}
