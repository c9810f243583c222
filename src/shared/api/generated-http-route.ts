import { createHash } from 'node:crypto';

// What our HTTPRoutes tell by annotations. Envoy Gateway hands annotations with its own prefix, without it, to the extension
// server, in the metadata of every route that it makes of the HTTPRoute.

const PREFIX = 'gateway.envoyproxy.io/';

/** Names of our annotations as Envoy Gateway hands them on. @see spec extension-server.md section 4 */
export const passedAnnotations = {
  /** Marks what was generated of an AIGatewayRoute. */
  generated: 'ai-gateway-generated',
  /** {@link refsText} of the rules. */
  refs: 'backend-ref-priority',
  /** {@link refIndexesText} of backendRefs that have weight 0 because they cannot be used, beside others that can. */
  unusableRefs: 'ai-gateway-unusable-refs',
  /** Hash of what the extension server reads beside. */
  xdsInputs: 'ai-gateway-xds-inputs',
} as const;

/** The same as they are on the HTTPRoute. */
export const generatedAnnotations = {
  generated: `${PREFIX}${passedAnnotations.generated}`,
  refs: `${PREFIX}${passedAnnotations.refs}`,
  unusableRefs: `${PREFIX}${passedAnnotations.unusableRefs}`,
  xdsInputs: `${PREFIX}${passedAnnotations.xdsInputs}`,
} as const;

/** A backendRef as an HTTPRoute tells it. */
export interface DeclaredRef {
  readonly name: string;
  readonly priority: number;
}

/** backendRefs in the order of their indexes, by the index of the rule in the AIGatewayRoute. */
export type DeclaredRules = ReadonlyMap<number, readonly DeclaredRef[]>;

/** `<rule>:<name>:<priority>,…`; names of objects hold neither colon nor comma. */
export const refsText = (rules: Iterable<readonly [index: number, refs: readonly DeclaredRef[]]>): string =>
  [...rules].flatMap(([index, refs]) => refs.map(({ name, priority }) => `${index}:${name}:${priority}`)).join(',');

/** Reads {@link refsText}; undefined when it is none. A rule without backendRefs is not in it. */
export function parseRefsText(text: string): DeclaredRules | undefined {
  const rules = new Map<number, DeclaredRef[]>();
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^(\d{1,6}):([^:]+):(\d{1,9})$/.exec(part);
    if (match === null) return undefined;
    const [, index, name = '', priority] = match;
    const refs = rules.get(Number(index)) ?? [];
    refs.push({ name, priority: Number(priority) });
    rules.set(Number(index), refs);
  }
  return rules;
}

/** `<rule>:<backendRef>,…` by indexes. */
export const refIndexesText = (indexes: Iterable<readonly [rule: number, ref: number]>): string =>
  [...indexes].map((pair) => pair.join(':')).join(',');

/** What an Envoy Gateway that calls us shows of one HTTPRoute, and what can be told of it beforehand from the HTTPRoute. */
export interface RouteFacts {
  readonly namespace: string;
  readonly name: string;
  /** Values of the annotations; empty without. */
  readonly refs: string;
  readonly xdsInputs: string;
  /** Of all its rules; a rule without matches has one. */
  readonly matchCount: number;
}

/** Equal for equal sets of HTTPRoutes: 16 hex digits. */
export function routesFingerprint(routes: Iterable<RouteFacts>): string {
  const lines = [...routes].map(({ namespace, name, refs, xdsInputs, matchCount }) =>
    [namespace, name, refs, xdsInputs, matchCount].join('\0'),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}
