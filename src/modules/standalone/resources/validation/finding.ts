import type { JsonPath } from '../json-path.js';

/** What a check of one object found. */
export interface Finding {
  readonly path: JsonPath;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** How a value is named in messages: `"text"`, `the number 5`, `a list`; a hidden value never as itself. */
export type Describe = (path: JsonPath, value: unknown) => string;
