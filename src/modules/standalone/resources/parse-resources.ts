import { displayName, objectKey, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { formatPath, parsePath, type JsonPath } from './json-path.js';
import { apiVersionOf, lookUpKind } from './kinds/kind-table.js';
import { METADATA_KEPT, type ResourceKind, type ResourceVersion } from './kinds/resource-kind.js';
import type { Problem } from './problem.js';
import { INPUT_SIZE_MAX_BYTES, type ResourceInput } from './read-inputs.js';
import { resolveSecret, type ValueSources } from './secret-values.js';
import { readYamlDocuments, type YamlDocument } from './text/yaml-documents.js';
import type { Describe, Finding } from './validation/finding.js';
import { isJsonObject, member, type JsonObject } from './validation/structural-schema.js';

/*
 * text ─▶ variables ─▶ YAML documents ─▶ items of Lists ─▶ kind and version ─▶ namespace ─▶ duplicates
 *      ─▶ unknown fields, defaults ─▶ values ─▶ CEL rules ─▶ Secret values ─▶ ResourceSet
 *
 * Problems are data: an object with an error is left out, all others come through.
 */

export interface ParseOptions extends ValueSources {
  /** Unsupported kinds and fields are left out with a warning; wrong values stay errors. */
  readonly lenient: boolean;
}

export interface ResourceSet {
  /** Objects without errors, in the order of the input: with defaults, without `status`, in their storage version. */
  readonly objects: readonly KubeObject[];
  /** By input and line. */
  readonly problems: readonly Problem[];
  /** Where `path` of an object stands, or its nearest parent that exists; undefined for an object that was not read. */
  locate(key: ObjectKey, path: string): { readonly file: string; readonly line: number } | undefined;
}

/** An object in the text, before anything is known about it. */
interface Draft {
  readonly file: string;
  readonly document: YamlDocument;
  /** Where the object stands in the document; not empty for an item of a List. */
  readonly base: JsonPath;
  readonly value: unknown;
}

const DEFAULT_NAMESPACE = 'default';
/** Problems of one object. */
const PROBLEMS_SHOWN = 20;
const VALUE_LENGTH_SHOWN = 60;
/** Names and paths come from the text and may be of any length. */
const TEXT_LENGTH_SHOWN = 1000;

/**
 * Reads Kubernetes objects from YAML or JSON texts as the API server would: variables are put in, defaults are applied,
 * everything that a schema refuses is reported with file and line. Never throws for what the texts hold.
 * @see spec ops.md A2 "Substitution" and api.md section 12
 */
export function parseResources(inputs: readonly ResourceInput[], options: ParseOptions): ResourceSet {
  const objects: KubeObject[] = [];
  const problems: Problem[] = [];
  const places = new Map<ObjectKey, Draft>();
  for (const draft of drafts(inputs, options, problems)) {
    const object = admit(draft, options, places, problems);
    if (object !== undefined) objects.push(object);
  }
  const order = new Map(inputs.map(({ name }, index) => [name, index]));
  const position = ({ file }: Problem) => order.get(file) ?? 0;
  return {
    objects,
    problems: problems.toSorted((a, b) => position(a) - position(b) || a.line - b.line),
    locate: (key, path) => {
      const draft = places.get(key);
      if (draft === undefined) return undefined;
      return { file: draft.file, line: lineIn(draft, parsePath(path)) };
    },
  };
}

const lineIn = ({ document, base }: Draft, path: JsonPath): number => document.lineOf([...base, ...path]);

function drafts(inputs: readonly ResourceInput[], { env }: ParseOptions, problems: Problem[]): Draft[] {
  let length = 0;
  return inputs.flatMap(({ name: file, text }) => {
    length += text.length;
    if (length > INPUT_SIZE_MAX_BYTES) {
      const message = 'found more than 4 MiB of text up to here; expected less; remove what is not configuration';
      problems.push({ file, line: 1, path: '', message, severity: 'error' });
      return [];
    }
    const documents = readYamlDocuments(text, env, (problem) => problems.push({ file, path: '', ...problem }));
    return documents.flatMap((document) => unfold({ file, document, base: [], value: document.value }));
  });
}

/** A `List` stands for its items. */
function unfold(draft: Draft): Draft[] {
  const { value, base } = draft;
  if (!isJsonObject(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List')) return [draft];
  const { items } = value;
  if (!Array.isArray(items)) return [draft];
  return (items as unknown[]).map((item, index) => ({ ...draft, base: [...base, 'items', index], value: item }));
}

function admit(
  draft: Draft,
  options: ParseOptions,
  places: Map<ObjectKey, Draft>,
  problems: Problem[],
): KubeObject | undefined {
  const { value } = draft;
  const report = reporter(draft, nameOf(value), problems);
  if (!isJsonObject(value) || typeof value['kind'] !== 'string' || typeof value['apiVersion'] !== 'string') {
    const path = isJsonObject(value) ? [typeof value['kind'] === 'string' ? 'apiVersion' : 'kind'] : [];
    const message =
      'found something that is not a Kubernetes object; expected an object with the texts apiVersion and kind';
    report({ path, message, severity: 'error' });
    return undefined;
  }
  const lookup = lookUpKind(value['apiVersion'], value['kind']);
  if (lookup.outcome !== 'found') {
    const isWarning = lookup.outcome === 'ignored' || (lookup.outcome === 'unsupported' && options.lenient);
    const message =
      lookup.outcome === 'unsupported' && isWarning ? `${lookup.message} (it is left out)` : lookup.message;
    const path = lookup.outcome === 'wrong-version' ? ['apiVersion'] : ['kind'];
    report({ path, message, severity: isWarning ? 'warning' : 'error' });
    return undefined;
  }
  const { kind, version } = lookup;
  const placed = inNamespace(value, kind, report);
  const reportPlaced = reporter(draft, nameOf(placed), problems);
  if (!isFirst(draft, placed, kind, places, reportPlaced)) return undefined;
  const findings = new Findings();
  const checked = check(placed, draft, kind, version, options, findings);
  for (const finding of findings.shown()) reportPlaced(finding);
  return findings.hasError ? undefined : checked;
}

/** Findings of one object, with a bound on how many are shown. */
class Findings {
  readonly #all: Finding[] = [];

  readonly add = (finding: Finding): void => {
    this.#all.push(finding);
  };

  get hasError(): boolean {
    return this.#all.some(({ severity }) => severity === 'error');
  }

  shown(): readonly Finding[] {
    if (this.#all.length <= PROBLEMS_SHOWN) return this.#all;
    const errorsFirst = this.#all.toSorted(
      (a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'),
    );
    const message = `found ${this.#all.length - PROBLEMS_SHOWN} more problems in this object than are shown; correct those first`;
    return [
      ...errorsFirst.slice(0, PROBLEMS_SHOWN),
      { path: [], message, severity: this.hasError ? 'error' : 'warning' },
    ];
  }
}

function check(
  value: JsonObject,
  draft: Draft,
  kind: ResourceKind,
  version: ResourceVersion,
  options: ParseOptions,
  findings: Findings,
): KubeObject {
  if (version.deprecation !== undefined) {
    findings.add({ path: ['apiVersion'], message: version.deprecation, severity: 'warning' });
  }
  const validated = version.validator()(value, { lenient: options.lenient, describe: describer(draft, kind) });
  for (const finding of validated.findings) findings.add(finding);
  const { metadata, status: _, ...members } = validated.object as JsonObject;
  const kept = METADATA_KEPT.flatMap((name) => {
    const entry = isJsonObject(metadata) ? member(metadata, name) : undefined;
    return entry === undefined ? [] : [[name, entry] as const];
  });
  const object = {
    ...members,
    apiVersion: apiVersionOf(kind.group, kind.storageVersion),
    metadata: Object.fromEntries(kept),
  };
  const isSecret = kind.group === '' && kind.kind === 'Secret';
  // The schema of the kind has been checked just above; with errors the object is not used.
  return (isSecret ? resolveSecret(object, options, findings.add) : object) as unknown as KubeObject;
}

/** The object with its namespace: `default` when a namespaced kind has none, none when the kind belongs to the cluster. */
function inNamespace(value: JsonObject, kind: ResourceKind, report: (finding: Finding) => void): JsonObject {
  const metadata = member(value, 'metadata');
  if (!isJsonObject(metadata)) return value;
  const { namespace, ...rest } = metadata;
  if (!kind.namespaced) {
    if (namespace !== undefined && namespace !== null) {
      const message = `found a namespace; expected none, since a ${kind.kind} belongs to all of them; remove it`;
      report({ path: ['metadata', 'namespace'], message, severity: 'warning' });
    }
    return { ...value, metadata: rest };
  }
  const given = namespace === undefined || namespace === null || namespace === '' ? DEFAULT_NAMESPACE : namespace;
  return { ...value, metadata: { ...rest, namespace: given } };
}

/** Notes where the object stands; false, with a problem, for the second one of a name. */
function isFirst(
  draft: Draft,
  value: JsonObject,
  kind: ResourceKind,
  places: Map<ObjectKey, Draft>,
  report: (finding: Finding) => void,
): boolean {
  const metadata = member(value, 'metadata');
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  const namespace = isJsonObject(metadata) ? metadata['namespace'] : undefined;
  if (typeof name !== 'string') return true;
  const key = objectKey(kind, typeof namespace === 'string' ? namespace : '', name);
  const first = places.get(key);
  if (first === undefined) {
    places.set(key, draft);
    return true;
  }
  const message = `found a second definition; the first is at ${first.file}:${lineIn(first, [])}; expected one; remove or rename one of them`;
  report({ path: [], message, severity: 'error' });
  return false;
}

function reporter(draft: Draft, object: string | undefined, problems: Problem[]): (finding: Finding) => void {
  return ({ path, message, severity }) => {
    problems.push({
      file: draft.file,
      line: lineIn(draft, path),
      ...(object === undefined ? {} : { object: clip(object) }),
      path: clip(formatPath(path)),
      message: clip(message),
      severity,
    });
  };
}

const clip = (text: string) => (text.length > TEXT_LENGTH_SHOWN ? `${text.slice(0, TEXT_LENGTH_SHOWN)}…` : text);

/** `Kind namespace/name` as far as it is known. */
function nameOf(value: unknown): string | undefined {
  if (!isJsonObject(value) || typeof value['kind'] !== 'string') return undefined;
  const metadata = member(value, 'metadata');
  if (!isJsonObject(metadata) || typeof metadata['name'] !== 'string') return value['kind'];
  return displayName({
    apiVersion: '',
    kind: value['kind'],
    metadata: {
      name: metadata['name'],
      ...(typeof metadata['namespace'] === 'string' ? { namespace: metadata['namespace'] } : {}),
    },
  });
}

/** Names values in messages. What came out of a variable is named by the variable; what a Secret holds is not shown. */
function describer(draft: Draft, kind: ResourceKind): Describe {
  return (path, value) => {
    const written = draft.document.writtenAs([...draft.base, ...path]);
    const isOpen = !kind.hidden || path[0] === 'metadata';
    if (written !== undefined) return isOpen ? `the value of ${JSON.stringify(written)}` : 'a value';
    if (value === null) return 'nothing';
    if (Array.isArray(value)) return 'a list';
    if (typeof value === 'object') return 'an object';
    if (!isOpen) return `a ${typeof value}`;
    if (typeof value !== 'string') return typeof value === 'number' ? `the number ${value}` : JSON.stringify(value);
    return JSON.stringify(value.length > VALUE_LENGTH_SHOWN ? `${value.slice(0, VALUE_LENGTH_SHOWN)}…` : value);
  };
}
