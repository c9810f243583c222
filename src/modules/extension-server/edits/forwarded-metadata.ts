import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { RuleBackends } from './backend-identity.js';

/** Name spaces of dynamic metadata that the processor must see for the given backends; sorted, each once. */
export type ForwardedNamespaces = (rule: Pick<RuleBackends, 'namespace' | 'refs'>) => readonly string[];

/**
 * Envoy hands dynamic metadata to a processor only for name spaces listed at the filter, so credentials that a policy
 * takes from there need their name space in the list. @see spec extension-server.md section 21.2
 */
export function forwardedNamespaces(world: Snapshot, always: readonly string[]): ForwardedNamespaces {
  const byBackend = new Map<string, string[]>();
  for (const policy of world.list<BackendSecurityPolicy>(kinds.backendSecurityPolicy)) {
    const source = policy.spec?.credentialOverride?.fromDynamicMetadata;
    if (source === undefined) continue;
    for (const target of policy.spec?.targetRefs ?? []) {
      const key = backendKey(target.kind, policy.metadata.namespace ?? '', target.name);
      byBackend.set(key, [...(byBackend.get(key) ?? []), source.namespace]);
    }
  }
  return (rule) => {
    const asked = rule.refs.flatMap(
      ({ ref }) => byBackend.get(backendKey(ref.kind, ref.namespace ?? rule.namespace, ref.name)) ?? [],
    );
    return [...new Set([...always, ...asked])].sort();
  };
}

const backendKey = (kind: string | undefined, namespace: string, name: string): string =>
  `${kind ?? kinds.aiServiceBackend.kind}/${namespace}/${name}`;
