import { formatProblem, type Problem } from '../resources/problem.js';

/** Tells the problems of each reading of the configuration: errors every time, warnings once while they last. */
export class ProblemReport {
  #told: ReadonlySet<string> = new Set();

  /** The problems to tell of a reading. */
  next(problems: readonly Problem[]): readonly Problem[] {
    const before = this.#told;
    const warnings = problems.filter(isWarning);
    // A reading with errors is not used: the warnings of the one before it last.
    this.#told = warnings.length === problems.length ? new Set(warnings.map(identity)) : before;
    return problems.filter((problem) => !isWarning(problem) || !before.has(identity(problem)));
  }
}

const isWarning = ({ severity }: Problem): boolean => severity === 'warning';

/** Without the line, which moves with every edit above it. */
const identity = (problem: Problem): string => formatProblem({ ...problem, line: 0 });
