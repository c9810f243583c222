/** Applies a JSON Patch of `add` operations, as the API server does (RFC 6902 section 4.1). Throws when a path has no parent. */
export function applyJsonPatch<T>(
  document: T,
  patch: readonly { readonly op: 'add'; readonly path: string; readonly value: unknown }[],
): T {
  const root = { document: structuredClone(document) };
  for (const { path, value } of patch) add(root.document, path, structuredClone(value));
  return root.document;
}

function add(document: unknown, path: string, value: unknown): void {
  const steps = path.split('/').slice(1).map(unescaped);
  const last = steps.pop();
  const parent = steps.reduce(childOf, document);
  if (last === undefined) throw new Error('a whole document is not replaced here');
  if (Array.isArray(parent)) {
    if (last !== '-') throw new Error(`${path}: only "-" is known for lists`);
    parent.push(value);
  } else if (isRecord(parent)) parent[last] = value;
  else throw new Error(`${path}: there is nothing to add to`);
}

function childOf(parent: unknown, step: string): unknown {
  if (Array.isArray(parent)) return parent[Number(step)] as unknown;
  return isRecord(parent) ? parent[step] : undefined;
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
