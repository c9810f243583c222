import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { Fault } from '../../shared/api/fault.js';
import { error } from '../routing/resolve/faults.js';
import { AMBIENT, AZURE_IDENTITY_ANNOTATION } from './annotations.js';

const PATH = `metadata.annotations[${AZURE_IDENTITY_ANNOTATION}]`;
const ALL_NAMESPACES = '*';

/**
 * What is wrong with the annotation {@link AZURE_IDENTITY_ANNOTATION} of a policy of type AzureCredentials. The identity is
 * the controller's: whoever may write policies may not borrow it without its owner's consent.
 *
 * @param ambientNamespaces whose policies may use it; `*` among them: all
 */
export function azureIdentityFault(
  policy: BackendSecurityPolicy,
  ambientNamespaces: readonly string[],
): Fault | undefined {
  const { namespace = '', annotations } = policy.metadata;
  const identity = annotations?.[AZURE_IDENTITY_ANNOTATION];
  if (policy.spec?.type !== 'AzureCredentials' || identity === undefined) return undefined;
  if (identity !== AMBIENT)
    return error(policy, PATH, 'InvalidSpec', `"${identity}" is unknown: expected "${AMBIENT}", or no such annotation`);
  if (ambientNamespaces.includes(ALL_NAMESPACES) || ambientNamespaces.includes(namespace)) return undefined;
  // A warning at admission is cut after 256 characters.
  return error(
    policy,
    PATH,
    'RefNotPermitted',
    `policies of namespace ${namespace} may not use the controller's Azure identity: remove it, or name the namespace in chart value controller.azureAmbientNamespaces (flag -azureAmbientNamespaces)`,
  );
}
