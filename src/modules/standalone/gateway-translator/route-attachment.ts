import type { Gateway, GatewayListener, LabelSelector } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName } from '../../../shared/api/kube-object.js';
import { covers, intersectHostnames } from './hostname.js';
import type { ListenerPlan, PortPlan } from './listener-plan.js';
import type { Translation } from './translate-options.js';

/** A route on a listener, with the hosts for which it is used there. */
export interface Attachment {
  readonly route: HTTPRoute;
  readonly listener: ListenerPlan;
  /** Not empty, sorted. */
  readonly hosts: readonly string[];
}

/** Which routes each listener serves, oldest first. @see Gateway API HTTPRoute `spec.parentRefs` */
export function attachRoutes(
  translation: Translation,
  gateway: Gateway,
  ports: readonly PortPlan[],
): readonly Attachment[] {
  const attachments: Attachment[] = [];
  for (const route of translation.world.list<HTTPRoute>(kinds.httpRoute).toSorted(byAge)) {
    const seen = new Set<string>();
    for (const [index, parent] of (route.spec.parentRefs ?? []).entries()) {
      if (!isParent(gateway, route, parent)) continue;
      for (const attachment of attach(translation, gateway, ports, route, parent, index)) {
        if (seen.has(attachment.listener.name)) continue;
        seen.add(attachment.listener.name);
        attachments.push(attachment);
      }
    }
  }
  return attachments;
}

/** Oldest first, then by namespace and name; objects without age, those of files, come last among themselves. */
export function byAge(a: HTTPRoute, b: HTTPRoute): number {
  const key = ({ metadata }: HTTPRoute) =>
    `${metadata.creationTimestamp ?? '~'} ${metadata.namespace ?? ''}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}

function attach(
  { faults }: Translation,
  gateway: Gateway,
  ports: readonly PortPlan[],
  route: HTTPRoute,
  parent: ParentReference,
  index: number,
): readonly Attachment[] {
  const path = `spec.parentRefs[${index}]`;
  const isNamed = (listener: GatewayListener) =>
    (!parent.sectionName || parent.sectionName === listener.name) &&
    (parent.port === undefined || parent.port === listener.port);
  const named = (gateway.spec.listeners ?? []).filter(isNamed);
  if (named.length === 0) {
    faults.error(
      route,
      path,
      'NoMatchingParent',
      `${displayName(gateway)} has no listener "${parent.sectionName ?? '*'}" on port ${parent.port ?? 'any'}: ` +
        `its listeners are ${(gateway.spec.listeners ?? []).map(({ name }) => `"${name}"`).join(', ') || 'none'}`,
    );
    return [];
  }
  if (!named.some((listener) => admits(gateway, listener, route))) {
    faults.error(
      route,
      path,
      'NotAllowedByListeners',
      `no listener of ${displayName(gateway)} admits HTTPRoutes of namespace "${route.metadata.namespace ?? ''}": ` +
        'widen allowedRoutes of the listener',
    );
    return [];
  }
  const served = ports.flatMap((port) =>
    port.listeners.filter(({ spec }) => isNamed(spec) && admits(gateway, spec, route)).map((plan) => ({ port, plan })),
  );
  const hostnames = (route.spec.hostnames ?? []).map((host) => host.toLowerCase());
  if (served.length > 0 && served.every(({ plan }) => intersectHostnames(plan.hostname, hostnames).length === 0)) {
    faults.error(
      route,
      'spec.hostnames',
      'NoMatchingListenerHostname',
      `none of ${hostnames.map((host) => `"${host}"`).join(', ')} fits a listener of ${displayName(gateway)}`,
    );
  }
  return served.flatMap(({ port, plan }) => {
    const hosts = intersectHostnames(plan.hostname, hostnames).filter((host) => !isOfOther(port, plan, host));
    return hosts.length > 0 ? [{ route, listener: plan, hosts }] : [];
  });
}

/** A host belongs to the listener of its port that names it most exactly. */
const isOfOther = (port: PortPlan, plan: ListenerPlan, host: string): boolean =>
  port.listeners.some(
    (other) => other !== plan && covers(other.hostname, host) && covers(plan.hostname, other.hostname),
  );

const isParent = (gateway: Gateway, route: HTTPRoute, parent: ParentReference): boolean =>
  (parent.group ?? kinds.gateway.group) === kinds.gateway.group &&
  (parent.kind ?? kinds.gateway.kind) === kinds.gateway.kind &&
  parent.name === gateway.metadata.name &&
  (parent.namespace ?? route.metadata.namespace ?? '') === (gateway.metadata.namespace ?? '');

function admits(gateway: Gateway, { allowedRoutes }: GatewayListener, route: HTTPRoute): boolean {
  const routeKinds = allowedRoutes?.kinds ?? [];
  const isKind = ({ group, kind }: { readonly group?: string; readonly kind: string }) =>
    (group ?? kinds.httpRoute.group) === kinds.httpRoute.group && kind === kinds.httpRoute.kind;
  if (routeKinds.length > 0 && !routeKinds.some(isKind)) return false;
  const namespace = route.metadata.namespace ?? '';
  switch (allowedRoutes?.namespaces?.from ?? 'Same') {
    case 'All':
      return true;
    case 'Same':
      return namespace === (gateway.metadata.namespace ?? '');
    case 'Selector':
      return selects(allowedRoutes?.namespaces?.selector ?? {}, namespace);
    default:
      return false;
  }
}

/** There are no Namespace objects in files, so a namespace has exactly the label that Kubernetes gives to each one. */
function selects(selector: LabelSelector, namespace: string): boolean {
  const labels: Readonly<Record<string, string>> = { 'kubernetes.io/metadata.name': namespace };
  const isLabel = ([key, value]: readonly [string, string]) => labels[key] === value;
  if (!Object.entries(selector.matchLabels ?? {}).every(isLabel)) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}
