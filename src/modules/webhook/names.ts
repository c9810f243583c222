/** Name of the mutating and of the validating webhook configuration of an installation. @see spec controller.md section 11 */
export const nameOfWebhookConfiguration = (namespace: string): string =>
  `envoy-ai-gateway-gateway-pod-mutator.${namespace}`;
