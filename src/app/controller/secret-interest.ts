import type { SecretInterest } from '../../modules/crd/store/referenced-secrets.js';
import { PICKER_CA_ANNOTATION, SYSTEM_CA } from '../../modules/extension-server/edits/picker-clusters.js';
import { policyOfSecret } from '../../modules/credentials/generated-secret.js';
import { secretsOfPolicy } from '../../modules/routing/controllers/references.js';
import { tlsSecretOf } from '../../modules/routing/generate/extproc-deployment.js';
import { generatedForGateway } from '../../modules/routing/generate/ownership.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import { kinds } from '../../shared/api/kinds.js';
import type { Deployment } from '../../shared/api/workloads.js';
import { configSecretNames } from '../../shared/extproc-pod/names.js';
import { PARTS_MAX } from '../../shared/filter-config/bundle.js';
import { objectKey, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';

/** The Secrets that the control plane reads: those that policies name, those that it wrote, and the CA of the processors. */
export const secretInterest = (settings: ControllerSettings): SecretInterest => ({
  references: (object) => [
    ...secretsOfObject(object),
    ...processorTls(object, settings),
    ...configSecrets(object, settings),
    ...pickerCa(object),
  ],
  isOwn: (metadata) =>
    policyOfSecret(metadata) !== undefined ||
    generatedForGateway({ apiVersion: 'v1', kind: kinds.secret.kind, metadata }) !== undefined,
});

const secretsOfObject = (object: KubeObject): readonly ObjectKey[] =>
  object.kind === kinds.backendSecurityPolicy.kind ? secretsOfPolicy(object as BackendSecurityPolicy) : [];

/** The xDS trusts the CA in the Secret that a Deployment of ours mounts. */
function processorTls(object: KubeObject, { extProcTLSSecret }: ControllerSettings): readonly ObjectKey[] {
  if (object.kind !== kinds.deployment.kind) return [];
  // That of a former mode has to be reached until it is gone.
  const mounted = generatedForGateway(object) === undefined ? undefined : tlsSecretOf(object as Deployment);
  const name = mounted ?? extProcTLSSecret;
  return name === undefined ? [] : [objectKey(kinds.secret, object.metadata.namespace ?? '', name)];
}

/** Those that another release wrote bear no label of ours: they are taken over by name. @see spec controller.md 10.1 */
function configSecrets(object: KubeObject, { envoyGatewayNamespace }: ControllerSettings): readonly ObjectKey[] {
  if (object.kind !== kinds.gateway.kind) return [];
  const { name, namespace = '' } = object.metadata;
  const names = [
    configSecretNames.index(namespace, name),
    ...Array.from({ length: PARTS_MAX }, (_, part) => configSecretNames.part(namespace, name, part)),
  ];
  return [...new Set([envoyGatewayNamespace, namespace])].flatMap((where) =>
    names.map((secret) => objectKey(kinds.secret, where, secret)),
  );
}

/** The xDS trusts it for the endpoint picker of a pool. */
function pickerCa({ kind, metadata }: KubeObject): readonly ObjectKey[] {
  const name = kind === kinds.inferencePool.kind ? metadata.annotations?.[PICKER_CA_ANNOTATION] : undefined;
  return name === undefined || name === SYSTEM_CA ? [] : [objectKey(kinds.secret, metadata.namespace ?? '', name)];
}
