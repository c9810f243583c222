import type { HTTPRoute, HTTPRouteFilter, HTTPRouteRule } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Translation } from './translate-options.js';

/** What the filters of a rule ask for. */
export interface RuleFilters {
  /** The Host header becomes the hostname of the endpoint. */
  readonly rewritesHost: boolean;
  readonly directResponse?: DirectResponse;
  /** A filter that is missing or not supported: the rule answers 500, because ignoring a filter could expose a backend. */
  readonly isFaulty: boolean;
}

export interface DirectResponse {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

export function ruleFilters(
  { world, faults }: Translation,
  route: HTTPRoute,
  ruleIndex: number,
  rule: HTTPRouteRule,
): RuleFilters {
  let rewritesHost = false;
  let directResponse: DirectResponse | undefined;
  let isFaulty = false;
  for (const [index, filter] of (rule.filters ?? []).entries()) {
    const path = `spec.rules[${ruleIndex}].filters[${index}]`;
    const reference = filter.extensionRef;
    if (
      filter.type !== 'ExtensionRef' ||
      reference.group !== kinds.httpRouteFilter.group ||
      reference.kind !== kinds.httpRouteFilter.kind
    ) {
      const message = `filter "${filter.type}" is not supported: use an ExtensionRef to an HTTPRouteFilter`;
      faults.error(route, path, 'UnsupportedValue', message);
      isFaulty = true;
      continue;
    }
    const namespace = route.metadata.namespace ?? '';
    const found = world.get<HTTPRouteFilter>(kinds.httpRouteFilter, namespace, reference.name);
    if (!found) {
      const message = `HTTPRouteFilter ${namespace}/${reference.name} does not exist: create it or correct the name`;
      faults.error(route, `${path}.extensionRef.name`, 'FilterNotFound', message);
      isFaulty = true;
      continue;
    }
    rewritesHost ||= found.spec.urlRewrite?.hostname.type === 'Backend';
    const answer = found.spec.directResponse;
    directResponse ??= answer && {
      status: answer.statusCode,
      body: answer.body?.inline ?? '',
      ...(answer.contentType ? { contentType: answer.contentType } : {}),
    };
  }
  return { rewritesHost, isFaulty, ...(directResponse ? { directResponse } : {}) };
}
