import type {
  HeaderMatcherSchema,
  RouteMatchSchema,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { HTTPHeaderMatch, HTTPRoute, HTTPRouteMatch } from '../../../shared/api/http-route.js';
import type { Init } from './extension.js';
import { re2Problem } from './re2.js';
import type { Translation } from './translate-options.js';

/**
 * One match as Envoy's matcher. Undefined, and reported, when Envoy would refuse it: one bad expression would take the
 * whole routing table with it.
 */
export function routeMatch(
  { faults }: Translation,
  route: HTTPRoute,
  path: string,
  { path: pathMatch, headers = [] }: HTTPRouteMatch,
): Init<typeof RouteMatchSchema> | undefined {
  const expressions = headers
    .map(({ type, value }, index) => ({ at: `${path}.headers[${index}].value`, type, value }))
    .concat([
      { at: `${path}.path.value`, type: pathMatch?.type as HTTPHeaderMatch['type'], value: pathMatch?.value ?? '/' },
    ])
    .filter(({ type }) => type === 'RegularExpression');
  for (const { at, value } of expressions) {
    const problem = re2Problem(value);
    if (problem === undefined) continue;
    faults.error(route, at, 'Invalid', `"${value}" is not a regular expression of RE2: ${problem}`);
    return undefined;
  }
  return { pathSpecifier: pathSpecifier(pathMatch), headers: distinctByName(headers).map(headerMatcher) };
}

function pathSpecifier(match: HTTPRouteMatch['path']): NonNullable<Init<typeof RouteMatchSchema>['pathSpecifier']> {
  const value = match?.value ?? '/';
  switch (match?.type ?? 'PathPrefix') {
    case 'Exact':
      return { case: 'path', value };
    case 'RegularExpression':
      return { case: 'safeRegex', value: { regex: value } };
    default: {
      // Segments count, not characters: `/v1` is a prefix of `/v1/chat` and not of `/v10`.
      const prefix = value.replace(/\/+$/, '');
      return prefix === '' ? { case: 'prefix', value: '/' } : { case: 'pathSeparatedPrefix', value: prefix };
    }
  }
}

/** Of several entries with one name the first counts. @see Gateway API HTTPHeaderMatch `name` */
function distinctByName(headers: readonly HTTPHeaderMatch[]): readonly HTTPHeaderMatch[] {
  const names = headers.map(({ name }) => name.toLowerCase());
  return headers.filter(({ name }, index) => names.indexOf(name.toLowerCase()) === index);
}

const headerMatcher = ({ name, type, value }: HTTPHeaderMatch): Init<typeof HeaderMatcherSchema> => ({
  name: name.toLowerCase(),
  headerMatchSpecifier: {
    case: 'stringMatch',
    value: {
      matchPattern:
        type === 'RegularExpression' ? { case: 'safeRegex', value: { regex: value } } : { case: 'exact', value },
    },
  },
});
