import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../codec/json-value.js';

const SCHEMAS_MAX = 20_000;
const CHARACTERS_MAX = 4 << 20;

/**
 * Counts what references put in their places in a whole request: a few schemas that name each other can stand for millions,
 * and a few long texts for a hundred megabytes. @throws {UserFacingError} 422 when it is too much
 */
export class SchemaExpansion {
  #schemas = 0;
  #characters = 0;

  addSchema(): void {
    if (++this.#schemas > SCHEMAS_MAX) throw tooMuch(`${SCHEMAS_MAX} schemas`);
  }

  /** A value of a keyword, or the name of a property. */
  addValue(value: JsonValue): void {
    this.#characters += typeof value === 'string' ? value.length : JSON.stringify(value).length;
    if (this.#characters > CHARACTERS_MAX) throw tooMuch(`${CHARACTERS_MAX} characters`);
  }
}

const tooMuch = (limit: string) =>
  new UserFacingError(
    `the references of all schemas together must stand for at most ${limit} for this model: define schemas with fewer`,
  );

/**
 * The schema that `#/a/b` names, below the root schema. Components are JSON pointers (RFC 6901), percent-decoded; items of
 * arrays cannot be named.
 * @param path Of the reference in the client's body
 * @throws {UserFacingError} 422 when it leads to no schema
 * @see spec translators.md 5.9, "ref errors"
 */
export function lookUpReference(root: JsonObject, reference: string, path: string): JsonObject {
  if (!reference.startsWith('#/'))
    throw broken(path, 'begin with "#/": only definitions of the same schema can be used');
  const names = reference
    .slice(2)
    .split('/')
    .map((component) => nameOf(component, path));
  let found: JsonValue = root;
  for (const name of names) {
    if (!isJsonObject(found)) throw broken(path, 'lead through objects');
    const next: JsonValue | undefined = Object.hasOwn(found, name) ? found[name] : undefined;
    if (next === undefined) throw broken(path, 'lead to a definition that is there');
    found = next;
  }
  if (!isJsonObject(found)) throw broken(path, 'lead to a schema object');
  return found;
}

function nameOf(component: string, path: string): string {
  if (component === '' || component.includes('..')) throw brokenComponent(path);
  try {
    return decodeURIComponent(component).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch (cause) {
    if (cause instanceof URIError) throw brokenComponent(path);
    throw cause;
  }
}

const broken = (path: string, must: string) => new UserFacingError(`the schema reference "${path}" must ${must}`);

const brokenComponent = (path: string) => broken(path, 'have no component that is empty, broken or leads upwards');
