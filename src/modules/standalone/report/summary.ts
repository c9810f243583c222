import type { AIGatewayRoute, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Backend, SecurityPolicy } from '../../../shared/api/envoy-gateway.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { headers } from '../../../shared/headers.js';

/** What a person wants to know about a configuration. */
export interface Summary {
  /** `<namespace>/<name>`. */
  readonly gateway: string;
  readonly listeners: readonly ListenerSummary[];
  readonly routes: readonly RouteSummary[];
  readonly backends: readonly BackendSummary[];
  /** Whether some requests need an API key or a token. */
  readonly asksForCredentials: boolean;
}

export interface ListenerSummary {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly hostname?: string;
}

export interface RouteSummary {
  readonly name: string;
  readonly hostnames: readonly string[];
  /** Exact model names, and regular expressions between slashes; in the order of the rules, each once. */
  readonly models: readonly string[];
  /** In order of priority. */
  readonly backends: readonly string[];
}

export interface BackendSummary {
  readonly name: string;
  readonly schema: string;
  readonly endpoints: readonly string[];
}

const id = (namespace: string | undefined, name: string): string => `${namespace ?? 'default'}/${name}`;

/** Routes of other Gateways are left out, and so are backends that no route of this one names. */
export function summarize(gateway: Gateway, world: Snapshot): Summary {
  const routes = world
    .list<AIGatewayRoute>(kinds.aiGatewayRoute)
    .filter((route) => isAttached(route, gateway))
    .map(summarizeRoute);
  const used = new Set(routes.flatMap((route) => route.backends));
  return {
    gateway: id(gateway.metadata.namespace, gateway.metadata.name),
    listeners: (gateway.spec.listeners ?? []).map(({ name, protocol, port, hostname }) => ({
      name,
      protocol,
      port,
      ...(hostname ? { hostname } : {}),
    })),
    routes,
    backends: world
      .list<AIServiceBackend>(kinds.aiServiceBackend)
      .filter((backend) => used.has(id(backend.metadata.namespace, backend.metadata.name)))
      .map((backend) => summarizeBackend(backend, world)),
    asksForCredentials: world
      .list<SecurityPolicy>(kinds.securityPolicy)
      .some(({ spec }) => spec.apiKeyAuth !== undefined || spec.jwt !== undefined),
  };
}

const isAttached = (route: AIGatewayRoute, gateway: Gateway): boolean =>
  (route.spec?.parentRefs ?? []).some(
    (parent) =>
      id(parent.namespace ?? route.metadata.namespace, parent.name) ===
      id(gateway.metadata.namespace, gateway.metadata.name),
  );

function summarizeRoute(route: AIGatewayRoute): RouteSummary {
  const rules = route.spec?.rules ?? [];
  const models = rules
    .flatMap((rule) => rule.matches ?? [])
    .flatMap((match) => match.headers ?? [])
    .filter((header) => header.name.toLowerCase() === headers.model)
    .map((header) => (header.type === 'RegularExpression' ? `/${header.value}/` : header.value));
  const backends = rules.flatMap((rule) =>
    [...(rule.backendRefs ?? [])]
      .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
      .map((ref) => id(ref.namespace ?? route.metadata.namespace, ref.name)),
  );
  return {
    name: id(route.metadata.namespace, route.metadata.name),
    hostnames: route.spec?.hostnames ?? [],
    models: [...new Set(models)],
    backends: [...new Set(backends)],
  };
}

function summarizeBackend(backend: AIServiceBackend, world: Snapshot): BackendSummary {
  const namespace = backend.metadata.namespace ?? 'default';
  const ref = backend.spec?.backendRef;
  const target = ref && world.get<Backend>(kinds.backend, ref.namespace ?? namespace, ref.name);
  return {
    name: id(namespace, backend.metadata.name),
    schema: backend.spec?.schema.name ?? 'none',
    endpoints: (target?.spec.endpoints ?? []).map((endpoint) => {
      if (endpoint.unix) return `unix:${endpoint.unix.path}`;
      const address = endpoint.fqdn?.hostname ?? endpoint.ip?.address ?? '?';
      const port = endpoint.fqdn?.port ?? endpoint.ip?.port ?? '?';
      return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    }),
  };
}

/** What changed between two configurations, in a few words each; empty when nothing that a summary shows did. */
export function summarizeChange(before: Summary, after: Summary): string[] {
  const models = (summary: Summary) => summary.routes.flatMap((route) => route.models);
  return [
    ...difference('listener', before.listeners.map(listenerText), after.listeners.map(listenerText)),
    ...difference(
      'route',
      before.routes.map((one) => one.name),
      after.routes.map((one) => one.name),
    ),
    ...difference('model', models(before), models(after)),
    ...difference(
      'backend',
      before.backends.map((one) => one.name),
      after.backends.map((one) => one.name),
    ),
  ];
}

export const listenerText = (listener: ListenerSummary): string =>
  `${listener.name} (${listener.protocol} ${listener.port}${listener.hostname ? ` ${listener.hostname}` : ''})`;

function difference(what: string, before: readonly string[], after: readonly string[]): string[] {
  const added = [...new Set(after)].filter((one) => !before.includes(one));
  const removed = [...new Set(before)].filter((one) => !after.includes(one));
  return [
    ...(added.length > 0 ? [`+ ${what} ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`- ${what} ${removed.join(', ')}`] : []),
  ];
}
