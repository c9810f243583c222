import { formatPath, type ConfigDocument, type DocumentPath } from './config-document.js';

const UNKNOWN_FIELDS_MAX = 20;
const QUOTED_CHARS_MAX = 64;

/** One value of a document does not have the expected shape. Never holds a secret. */
export class ShapeError extends Error {
  constructor(
    readonly path: DocumentPath,
    found: string,
    expected: string,
  ) {
    super(`found ${found}, expected ${expected}`);
  }

  /** The text for people: file, line, path, what was found and what is expected. */
  describe(document: ConfigDocument): string {
    const line = document.lineOf(this.path);
    return `${document.fileName}${line === undefined ? '' : `:${line}`}: ${formatPath(this.path)}: ${this.message}`;
  }
}

/** Fields that no reader asked for, the first 20 of them by path. */
export class UnknownFields {
  readonly paths: DocumentPath[] = [];
  #count = 0;

  add(path: DocumentPath): void {
    this.#count += 1;
    if (this.paths.length < UNKNOWN_FIELDS_MAX) this.paths.push(path);
  }

  /** How many there were beyond those in `paths`. */
  get omitted(): number {
    return this.#count - this.paths.length;
  }
}

export interface ListItem {
  readonly value: unknown;
  readonly path: DocumentPath;
}

/**
 * Reads the members of one mapping. Keys match in any case, an exact match first (extproc.md section 2); `null` is the
 * same as absent; numbers and booleans are accepted where text is expected, as the readers of Kubernetes do.
 */
export class MappingReader {
  readonly #members: Readonly<Record<string, unknown>>;
  /** Keys as written of the members that were asked for. */
  readonly #read = new Set<string>();

  constructor(
    value: unknown,
    readonly path: DocumentPath,
    private readonly unknownFields: UnknownFields,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(path, describeShape(value), 'a mapping');
    }
    this.#members = value as Readonly<Record<string, unknown>>;
  }

  text(key: string): string | undefined {
    const value = this.#member(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.#mismatch(key, 'text');
  }

  requiredText(key: string): string {
    const text = this.text(key);
    if (text === undefined || text === '') throw this.#mismatch(key, 'text that is not empty', 'nothing');
    return text;
  }

  oneOf<const T extends string>(key: string, allowed: readonly T[]): T {
    const text = this.requiredText(key);
    const match = allowed.find((candidate) => candidate === text);
    if (match !== undefined) return match;
    throw this.#mismatch(key, `one of ${allowed.join(', ')}`, JSON.stringify(text.slice(0, QUOTED_CHARS_MAX)));
  }

  flag(key: string): boolean {
    const value = this.#member(key);
    if (value === undefined || value === null) return false;
    if (typeof value === 'boolean') return value;
    throw this.#mismatch(key, 'true or false');
  }

  /** The items of a list with their paths; absent: undefined. */
  list(key: string): readonly ListItem[] | undefined {
    const value = this.#member(key);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw this.#mismatch(key, 'a list');
    const path = this.#pathOf(key);
    return value.map((item: unknown, index) => ({ value: item, path: [...path, index] }));
  }

  texts(key: string): readonly string[] | undefined {
    return this.list(key)?.map(({ value, path }) => {
      if (typeof value === 'string') return value;
      throw new ShapeError(path, describeShape(value), 'text');
    });
  }

  child(key: string): MappingReader | undefined {
    const value = this.#member(key);
    if (value === undefined || value === null) return undefined;
    return new MappingReader(value, this.#pathOf(key), this.unknownFields);
  }

  item(item: ListItem): MappingReader {
    return new MappingReader(item.value, item.path, this.unknownFields);
  }

  /** The keys as written, for a mapping whose keys are data. */
  keys(): readonly string[] {
    return Object.keys(this.#members);
  }

  /** Call after the last read: what was not asked for is unknown. */
  done<T>(result: T): T {
    for (const key of Object.keys(this.#members)) {
      if (!this.#read.has(key)) this.unknownFields.add([...this.path, key]);
    }
    return result;
  }

  #member(key: string): unknown {
    const written = this.#written(key);
    if (written === undefined) return undefined;
    this.#read.add(written);
    return this.#members[written];
  }

  #written(key: string): string | undefined {
    if (Object.hasOwn(this.#members, key)) return key;
    const folded = key.toLowerCase();
    for (const candidate in this.#members) {
      if (candidate.length === key.length && candidate.toLowerCase() === folded) return candidate;
    }
    return undefined;
  }

  #pathOf(key: string): DocumentPath {
    return [...this.path, this.#written(key) ?? key];
  }

  #mismatch(key: string, expected: string, found = describeShape(this.#member(key))): ShapeError {
    return new ShapeError(this.#pathOf(key), found, expected);
  }
}

function describeShape(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
