import type { Secret } from '../../../shared/api/gateway-api.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { MANAGED_BY } from '../../../shared/api/managed-by.js';
import { configSecretKeys, configSecretNames, gatewayHash } from '../../../shared/extproc-pod/names.js';
import { splitBundle } from '../../../shared/filter-config/bundle.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { serializeFilterConfig } from '../../../shared/filter-config/serialize.js';
import { GATEWAY_ANNOTATION, GATEWAY_HASH_LABEL } from './ownership.js';

/** Limit of the legacy document; Secrets hold 1 MiB. */
const LEGACY_SIZE_MAX_BYTES = 1_048_576;
const OBJECT_NAME_MAX = 253;

/**
 * The Secrets that carry a filter config to the data plane, in the order in which they are to be written: parts, then the
 * index that names them, then the legacy one.
 *
 * @param namespace where the proxies of the Gateway run
 * @throws UserFacingError when the config is too large
 * @see spec controller.md section 10.1
 */
export function generateConfigSecrets(
  gateway: KubeObject,
  config: FilterConfig,
  namespace: string,
  options: { readonly writesLegacySecret: boolean },
): readonly Secret[] {
  const { name, namespace: gatewayNamespace = '' } = gateway.metadata;
  const document = serializeFilterConfig(config);
  const { index, parts } = splitBundle(document, config, (part) =>
    configSecretNames.part(gatewayNamespace, name, part),
  );
  const secret = (secretName: string, key: string, value: Uint8Array | string): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName,
      namespace,
      labels: { ...MANAGED_BY, [GATEWAY_HASH_LABEL]: gatewayHash(gatewayNamespace, name) },
      annotations: { [GATEWAY_ANNOTATION]: `${gatewayNamespace}/${name}` },
    },
    type: 'Opaque',
    data: { [key]: Buffer.from(value).toString('base64') },
  });
  const legacyName = configSecretNames.legacy(gatewayNamespace, name);
  const hasLegacy =
    options.writesLegacySecret &&
    legacyName.length <= OBJECT_NAME_MAX &&
    Buffer.byteLength(document) <= LEGACY_SIZE_MAX_BYTES;
  return [
    ...parts.map((part) => secret(part.name, configSecretKeys.chunk, part.bytes)),
    secret(configSecretNames.index(gatewayNamespace, name), configSecretKeys.index, index),
    ...(hasLegacy ? [secret(legacyName, configSecretKeys.legacy, document)] : []),
  ];
}
