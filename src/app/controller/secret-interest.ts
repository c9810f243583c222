import type { SecretInterest } from '../../modules/crd/store/referenced-secrets.js';
import { secretsOfPolicy } from '../../modules/routing/controllers/references.js';
import { generatedForGateway } from '../../modules/routing/generate/ownership.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';

/** The Secrets that the control plane reads: those that policies name, those that it wrote, and the CA of the processors. */
export const secretInterest = (settings: ControllerSettings): SecretInterest => ({
  references: (object) => [...secretsOfObject(object), ...processorTls(object, settings)],
  isOwn: (metadata) => generatedForGateway({ apiVersion: 'v1', kind: kinds.secret.kind, metadata }) !== undefined,
});

const secretsOfObject = (object: KubeObject): readonly ObjectKey[] =>
  object.kind === kinds.backendSecurityPolicy.kind ? secretsOfPolicy(object as BackendSecurityPolicy) : [];

/** The xDS trusts the CA in the Secret that a Deployment of ours mounts. */
function processorTls({ kind, metadata }: KubeObject, { extProcTLSSecret }: ControllerSettings): readonly ObjectKey[] {
  if (extProcTLSSecret === undefined || kind !== kinds.deployment.kind) return [];
  return [objectKey(kinds.secret, metadata.namespace ?? '', extProcTLSSecret)];
}
