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

/**
 * Reads the members of one mapping. Keys match in any case, an exact match first (extproc.md section 2); `null` is the
 * same as absent; numbers and booleans are accepted where text is expected, as the readers of Kubernetes do.
 */
export class MappingReader {
  readonly #members: ReadonlyMap<string, unknown>;
  /** Lower-case key → first key of that spelling. */
  readonly #folded = new Map<string, string>();
  readonly #unread: Set<string>;

  constructor(
    value: unknown,
    readonly path: DocumentPath,
    private readonly unknownFields: UnknownFields,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(path, describeShape(value), 'a mapping');
    }
    this.#members = new Map(Object.entries(value));
    this.#unread = new Set(this.#members.keys());
    for (const key of this.#members.keys()) {
      const folded = key.toLowerCase();
      if (!this.#folded.has(folded)) this.#folded.set(folded, key);
    }
  }

  text(key: string): string | undefined {
    const { value, path } = this.#member(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new ShapeError(path, describeShape(value), 'text');
  }

  requiredText(key: string): string {
    const text = this.text(key);
    if (text === undefined || text === '') throw new ShapeError([...this.path, key], 'nothing', 'text that is not empty');
    return text;
  }

  oneOf<const T extends string>(key: string, allowed: readonly T[]): T {
    const text = this.requiredText(key);
    const match = allowed.find((candidate) => candidate === text);
    if (match !== undefined) return match;
    const found = JSON.stringify(text.slice(0, QUOTED_CHARS_MAX));
    throw new ShapeError(this.#member(key).path, found, `one of ${allowed.join(', ')}`);
  }

  flag(key: string): boolean {
    const { value, path } = this.#member(key);
    if (value === undefined || value === null) return false;
    if (typeof value === 'boolean') return value;
    throw new ShapeError(path, describeShape(value), 'true or false');
  }

  /** The items of a list with their paths; absent: undefined. */
  list(key: string): readonly { readonly value: unknown; readonly path: DocumentPath }[] | undefined {
    const { value, path } = this.#member(key);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw new ShapeError(path, describeShape(value), 'a list');
    return value.map((item: unknown, index) => ({ value: item, path: [...path, index] }));
  }

  texts(key: string): readonly string[] | undefined {
    return this.list(key)?.map(({ value, path }) => {
      if (typeof value === 'string') return value;
      throw new ShapeError(path, describeShape(value), 'text');
    });
  }

  child(key: string): MappingReader | undefined {
    const { value, path } = this.#member(key);
    return value === undefined || value === null ? undefined : new MappingReader(value, path, this.unknownFields);
  }

  item(item: { readonly value: unknown; readonly path: DocumentPath }): MappingReader {
    return new MappingReader(item.value, item.path, this.unknownFields);
  }

  /** The keys as written, for a mapping whose keys are data. */
  keys(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Call after the last read: what is left was not asked for. */
  done<T>(result: T): T {
    for (const key of this.#unread) this.unknownFields.add([...this.path, key]);
    return result;
  }

  #member(key: string): { readonly value: unknown; readonly path: DocumentPath } {
    const written = this.#members.has(key) ? key : (this.#folded.get(key.toLowerCase()) ?? key);
    this.#unread.delete(written);
    return { value: this.#members.get(written), path: [...this.path, written] };
  }
}

function describeShape(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
