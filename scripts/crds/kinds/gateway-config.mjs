// @see spec api.md section 6
import { keyedStatus, llmRequestCost } from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { filled, keyed, object } from '../schema.mjs';

export const gatewayConfig = {
  kind: 'GatewayConfig',
  plural: 'gatewayconfigs',
  shortNames: ['gwconfig'],
  versions: ['v1alpha1', 'v1beta1'],
  description: 'Settings of the AI gateway for one or more Gateways of the same namespace.',
  spec: () =>
    object(
      'Settings of the gateways that name this object in the annotation `aigateway.envoyproxy.io/gateway-config`.',
      {
        extProc: object('The External Processor beside Envoy.', {
          // K1 to K3 are rules of the donor.
          kubernetes: donor('KubernetesContainerSpec', 'Its container.'),
        }),
        globalLLMRequestCosts: keyed(
          'Numbers computed for every request of these gateways.',
          'metadataKey',
          llmRequestCost,
        ),
        forwardProxy: object('HTTP proxy for connections to the backends.', {
          'address*': filled('`host:port` of the proxy.'),
        }),
      },
    ),
  status: keyedStatus,
};
