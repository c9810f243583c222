import { groupOf } from '../../../../shared/api/kube-object.js';
import { listNames, suggest } from '../suggest.js';
import { member } from '../validation/structural-schema.js';
import { backend } from '../schemas/backend.js';
import { backendTlsPolicy } from '../schemas/backend-tls-policy.js';
import { backendTrafficPolicy } from '../schemas/backend-traffic-policy.js';
import { clientTrafficPolicy } from '../schemas/client-traffic-policy.js';
import { configMap } from '../schemas/config-map.js';
import { envoyProxy } from '../schemas/envoy-proxy.js';
import { gateway } from '../schemas/gateway.js';
import { gatewayClass } from '../schemas/gateway-class.js';
import { referenceGrant } from '../schemas/reference-grant.js';
import { secret } from '../schemas/secret.js';
import { securityPolicy } from '../schemas/security-policy.js';
import { customResources } from './custom-resources.js';
import type { ResourceKind, ResourceVersion } from './resource-kind.js';
import { UNSUPPORTED_KINDS } from './unsupported-kinds.js';

const KINDS: readonly ResourceKind[] = [
  ...customResources(),
  gatewayClass,
  gateway,
  backend,
  backendTlsPolicy,
  backendTrafficPolicy,
  clientTrafficPolicy,
  securityPolicy,
  envoyProxy,
  referenceGrant,
  secret,
  configMap,
];

/** Every kind that standalone mode reads. */
export const resourceKinds = (): readonly ResourceKind[] => KINDS;

export type KindLookup =
  | { readonly outcome: 'found'; readonly kind: ResourceKind; readonly version: ResourceVersion }
  /** Carries no configuration here. */
  | { readonly outcome: 'ignored'; readonly message: string }
  /** A kind that exists elsewhere or nowhere. */
  | { readonly outcome: 'unsupported'; readonly message: string }
  | { readonly outcome: 'wrong-version'; readonly message: string };

export function lookUpKind(apiVersion: string, kind: string): KindLookup {
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const found = KINDS.find((each) => each.group === group && each.kind === kind);
  if (found !== undefined) {
    const entry = found.versions.get(version);
    if (entry !== undefined) return { outcome: 'found', kind: found, version: entry };
    const expected = [...found.versions.keys()].map((name) => apiVersionOf(group, name));
    const message = `found ${JSON.stringify(apiVersion)}; expected ${expected.length === 1 ? '' : 'one of '}${listNames(expected)}; correct it`;
    return { outcome: 'wrong-version', message };
  }
  if (group === '' && kind === 'Namespace') {
    return {
      outcome: 'ignored',
      message: 'found a Namespace, which has no effect in standalone mode: every namespace exists',
    };
  }
  return { outcome: 'unsupported', message: unsupported(apiVersion, group, kind) };
}

export const apiVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;

function unsupported(apiVersion: string, group: string, kind: string): string {
  const found = `found ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}`;
  const instead = member(UNSUPPORTED_KINDS, `${group}/${kind}`);
  if (instead !== undefined) return `${found}, which is not supported in standalone mode; ${instead}`;
  const namesake = KINDS.find((each) => each.kind === kind);
  if (namesake !== undefined) {
    const expected = JSON.stringify(apiVersionOf(namesake.group, namesake.storageVersion));
    return `${found}, which is not supported in standalone mode; did you mean apiVersion ${expected}?`;
  }
  const elsewhere = Object.entries(UNSUPPORTED_KINDS).find(([known]) => known.endsWith(`/${kind}`));
  if (elsewhere !== undefined) return `${found}, which is not supported in standalone mode; ${elsewhere[1]}`;
  const near = suggest(
    kind,
    KINDS.map((each) => each.kind),
  );
  if (near !== undefined) return `${found}, which is not a known kind; did you mean ${JSON.stringify(near)}?`;
  return `${found}, which is not supported in standalone mode; remove it, or run in Kubernetes`;
}
