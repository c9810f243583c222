import type { JsonObject } from '@bufbuild/protobuf';
import type { Route, VirtualHost } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { matchFact, passedAnnotations, type RouteFacts } from '../../../shared/api/generated-http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { headers } from '../../../shared/headers.js';
import { isObject, originObjects } from './origin-metadata.js';

/** The HTTPRoutes of ours behind the routes of some virtual hosts, each once. */
export function translatedRoutes(hosts: Iterable<VirtualHost>): readonly RouteFacts[] {
  const found = new Map<string, { readonly origin: GeneratedOrigin; readonly matches: Map<string, string> }>();
  for (const { routes } of hosts) {
    for (const route of routes) {
      const origin = generatedOrigin(route);
      if (origin === undefined) continue;
      const key = `${origin.namespace}/${origin.name}`;
      const known = found.get(key) ?? { origin, matches: new Map() };
      found.set(key, known);
      // The same match is there once for each host name, and once more as the preflight twin of CORS.
      const [match, rule] = /\/rule\/(\d+)\/match\/-?\d+(?=\/|$)/.exec(route.name) ?? [];
      if (match !== undefined) known.matches.set(match, matchFact(Number(rule), exactModelOf(route)));
    }
  }
  return [...found.values()].map(({ origin, matches }) => ({
    namespace: origin.namespace,
    name: origin.name,
    refs: origin.refs ?? '',
    xdsInputs: origin.xdsInputs ?? '',
    matches: [...matches.values()],
  }));
}

/** The model that requests must name for the route; undefined when any may, or those of a pattern. */
function exactModelOf({ match }: Route): string | undefined {
  for (const { name, headerMatchSpecifier } of match?.headers ?? []) {
    if (name.toLowerCase() !== headers.model || headerMatchSpecifier.case !== 'stringMatch') continue;
    const { matchPattern } = headerMatchSpecifier.value;
    return matchPattern.case === 'exact' ? matchPattern.value : undefined;
  }
  return undefined;
}

/** The HTTPRoute of ours that a route was made of, with what it tells by annotations. */
export interface GeneratedOrigin {
  readonly namespace: string;
  readonly name: string;
  /** Values of its annotations, where it has them. */
  readonly refs?: string;
  readonly unusableRefs?: string;
  readonly xdsInputs?: string;
}

export function generatedOrigin({ metadata }: Pick<Route, 'metadata'>): GeneratedOrigin | undefined {
  for (const { kind, namespace, name, annotations } of originObjects(metadata)) {
    if (kind !== kinds.httpRoute.kind || typeof namespace !== 'string' || typeof name !== 'string') continue;
    if (!isObject(annotations) || !(passedAnnotations.generated in annotations)) continue;
    return {
      namespace,
      name,
      ...textOf(annotations, 'refs'),
      ...textOf(annotations, 'unusableRefs'),
      ...textOf(annotations, 'xdsInputs'),
    };
  }
  return undefined;
}

const textOf = (
  annotations: JsonObject,
  member: keyof typeof passedAnnotations,
): { readonly [Member in typeof member]?: string } => {
  const value = annotations[passedAnnotations[member]];
  return typeof value === 'string' ? { [member]: value } : {};
};
