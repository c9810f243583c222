import type { JsonPath } from './json-path.js';
import type { Environment } from '../environment.js';
import type { Finding } from './validation/finding.js';
import { isJsonObject, member, type JsonObject } from './validation/structural-schema.js';

/** Annotations that name where the value of a key comes from. @see spec ops.md A2 "Substitution" */
const FROM_VARIABLE = 'substitution.aigw.run/env/';
const FROM_FILE = 'substitution.aigw.run/file/';

/** What the API server allows for a whole Secret. */
const VALUE_SIZE_MAX_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface ValueSources {
  readonly env: Environment;
  /** Text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

/**
 * Puts all values of a Secret into `data`, as base64: `stringData` wins over `data`, a value named by an annotation over
 * both. A key that exists in neither gets no value; a source that gives none leaves the value of the file.
 */
export function resolveSecret(
  secret: JsonObject,
  sources: ValueSources,
  report: (finding: Finding) => unknown,
): JsonObject {
  const { stringData, data, ...rest } = secret;
  const values = new Map<string, { readonly encoded: string; readonly path: JsonPath }>();
  for (const [key, encoded] of textEntries(data)) {
    values.set(key, { encoded: encoded.replaceAll(/[\r\n]/g, ''), path: ['data', key] });
  }
  for (const [key, text] of textEntries(stringData))
    values.set(key, { encoded: encode(text), path: ['stringData', key] });
  for (const key of values.keys()) {
    if (!KEY.test(key)) {
      const message = `found the key ${JSON.stringify(key)}; expected at most 253 letters, digits, dashes, dots and underscores; rename it`;
      report({ path: values.get(key)!.path, message, severity: 'error' });
    }
  }
  const metadata = member(secret, 'metadata');
  const annotations = isJsonObject(metadata) ? member(metadata, 'annotations') : undefined;
  for (const [key, text] of substitutions(textEntries(annotations), new Set(values.keys()), sources, report)) {
    values.set(key, { encoded: encode(text), path: ['data', key] });
  }
  for (const { encoded, path } of values.values()) {
    if (!BASE64.test(encoded)) {
      const message = 'found a value that is not base64; expected base64; encode it, or move it to stringData as it is';
      report({ path, message, severity: 'error' });
    }
  }
  return { ...rest, data: Object.fromEntries([...values].map(([key, { encoded }]) => [key, encoded])) };
}

function substitutions(
  annotations: readonly [string, string][],
  keys: ReadonlySet<string>,
  sources: ValueSources,
  report: (finding: Finding) => unknown,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const fromVariable = new Set<string>();
  const sourced = annotations.flatMap(([name, source]) => {
    const prefix = [FROM_VARIABLE, FROM_FILE].find((each) => name.startsWith(each));
    return prefix === undefined ? [] : [{ name, source, prefix, key: name.slice(prefix.length) }];
  });
  for (const { prefix, key } of sourced) if (prefix === FROM_VARIABLE) fromVariable.add(key);
  for (const { name, source, prefix, key } of sourced) {
    const warn = (message: string) => report({ path: ['metadata', 'annotations', name], message, severity: 'warning' });
    if (!keys.has(key)) {
      warn(
        `found a source for the key ${JSON.stringify(key)}, which the Secret does not have; add the key, with any value`,
      );
    } else if (prefix === FROM_FILE && fromVariable.has(key)) {
      warn(`found a file and a variable for the key ${JSON.stringify(key)}; the variable counts; remove one`);
    } else {
      const value = prefix === FROM_VARIABLE ? readVariable(source, sources.env) : readSource(source, sources);
      if (value.text === undefined) warn(`${value.missing}; the value in the Secret is used`);
      else values.set(key, value.text);
    }
  }
  return values;
}

type Sourced = { readonly text: string } | { readonly text?: undefined; readonly missing: string };

function readVariable(name: string, env: Environment): Sourced {
  const text = member(env, name);
  if (text !== undefined && text !== '') return { text };
  return { missing: `found no value in the variable ${JSON.stringify(name)}; expected one; set it` };
}

function readSource(path: string, { env, readFile }: ValueSources): Sourced {
  const home = member(env, 'HOME');
  if (path.startsWith('~/') && !home)
    return { missing: `found ${JSON.stringify(path)}, but the variable HOME is not set; write the whole path` };
  const file = path.startsWith('~/') ? `${home}${path.slice(1)}` : path;
  try {
    const text = readFile(file);
    if (Buffer.byteLength(text) <= VALUE_SIZE_MAX_BYTES) return { text };
    return {
      missing: `found more than 1 MiB in the file ${JSON.stringify(file)}; expected a credential; name another file`,
    };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
    return {
      missing: `found no readable file ${JSON.stringify(file)}${code}; expected one; create it, or correct the path`,
    };
  }
}

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** A key without a value holds empty text, so that an annotation can fill it. */
const textEntries = (value: unknown): [string, string][] =>
  Object.entries(isJsonObject(value) ? value : {}).flatMap(([key, text]): [string, string][] => {
    if (text === null) return [[key, '']];
    return typeof text === 'string' ? [[key, text]] : [];
  });
