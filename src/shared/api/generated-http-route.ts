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
  /** {@link xdsInputsText} of what the extension server reads beside. */
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

/**
 * How the Envoys of a Gateway are to find their External Processor: beside them (`none`), by its Service (`used`), or, while
 * that is changed, beside them and with the Service known already (`announced`), or by the Service for new requests, whose
 * attempts are passed on by the processor beside them (`crossing`): those that came before have theirs there.
 */
export type ServiceUse = (typeof SERVICE_USES)[number];
const SERVICE_USES = ['none', 'announced', 'crossing', 'used'] as const;

/** Whether the first goes further: of several HTTPRoutes the one that tells the most counts. */
export const tellsMore = (use: ServiceUse, than: ServiceUse): boolean =>
  SERVICE_USES.indexOf(use) > SERVICE_USES.indexOf(than);

export interface ToldService {
  /** `<namespace>/<name>`. */
  readonly gateway: string;
  readonly use: Exclude<ServiceUse, 'none'>;
  /** Since when, as a Unix time; of `crossing`. */
  readonly sinceSeconds?: number;
  /** Of the CA that the Service is verified by: another one has to reach Envoy. */
  readonly caHash?: string;
}

/**
 * A hash of what has to be translated anew when it changes, and how Gateways find their processors, where that is not beside
 * Envoy: `<hash>;<gateway>,<gateway>=announced,<gateway>=crossing:<seconds>`, without the latter part the hash; with TLS each of them
 * followed by `#<hash of the CA>`. It is told
 * here because all replicas of the extension server, of two releases with other flags too, have to answer alike.
 */
export const xdsInputsText = (hash: string, services: readonly ToldService[]): string =>
  services.length === 0 ? hash : `${hash};${services.map(serviceText).join(',')}`;

function serviceText({ gateway, use, sinceSeconds, caHash }: ToldService): string {
  const since = sinceSeconds === undefined ? '' : `:${sinceSeconds}`;
  return `${gateway}${use === 'used' ? '' : `=${use}${since}`}${caHash === undefined ? '' : `#${caHash}`}`;
}

/** The services of {@link xdsInputsText}, without hashes; entries of another form are skipped. */
export function parseServices(text: string): readonly ToldService[] {
  const end = text.indexOf(';');
  return (end < 0 ? [] : text.slice(end + 1).split(',')).flatMap((entry): readonly ToldService[] => {
    const match = /^([^=/#]+\/[^=/#]+)(?:=(announced|crossing:(\d{1,12})))?(?:#[0-9a-f]+)?$/.exec(entry);
    const [, gateway, use, seconds] = match ?? [];
    if (gateway === undefined) return [];
    if (use === undefined) return [{ gateway, use: 'used' }];
    return seconds === undefined
      ? [{ gateway, use: 'announced' }]
      : [{ gateway, use: 'crossing', sinceSeconds: Number(seconds) }];
  });
}

/** What an Envoy Gateway that calls us shows of one HTTPRoute, and what can be told of it beforehand from the HTTPRoute. */
export interface RouteFacts {
  readonly namespace: string;
  readonly name: string;
  /** Values of the annotations; empty without. */
  readonly refs: string;
  readonly xdsInputs: string;
  /** {@link matchFact} of each match of its rules; a rule without matches has one. In any order. */
  readonly matches: readonly string[];
}

/** Tells matches apart by their rule and by the model that they want exactly, if they do; other headers and patterns say nothing. */
export const matchFact = (ruleIndex: number, model: string | undefined): string =>
  model === undefined ? `${ruleIndex}` : `${ruleIndex}=${model}`;

/** Equal for equal sets of HTTPRoutes: 16 hex digits. */
export function routesFingerprint(routes: Iterable<RouteFacts>): string {
  const lines = [...routes].map(({ namespace, name, refs, xdsInputs, matches }) =>
    JSON.stringify([namespace, name, refs, xdsInputs, [...matches].sort()]),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}
