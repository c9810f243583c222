import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../codec/json-value.js';

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
  const error = broken(path, 'have no component that is empty, broken or leads upwards');
  if (component === '' || component.includes('..')) throw error;
  try {
    return decodeURIComponent(component).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch (cause) {
    if (cause instanceof URIError) throw error;
    throw cause;
  }
}

const broken = (path: string, must: string) => new UserFacingError(`the schema reference "${path}" must ${must}`);
