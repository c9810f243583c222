/** On a BackendSecurityPolicy of type AzureCredentials. @see AMBIENT */
export const AZURE_IDENTITY_ANNOTATION = 'aigateway.envoyproxy.io/azure-identity';

/**
 * Value of {@link AZURE_IDENTITY_ANNOTATION}: tokens are got with the identity of the controller itself (workload identity
 * of its pod, or managed identity of its machine), for the `clientID` of the policy. Only policies of the namespaces in the
 * flag `azureAmbientNamespaces` may. The schema demands one of
 * `clientSecretRef` and `oidcExchangeToken` also then; whichever is there is ignored. @see spec api.md section 13 (row 14)
 */
export const AMBIENT = 'ambient';

/** On generated Secrets. */
export const secretAnnotations = {
  /** RFC 3339; the reference's name, so that both take over from each other. @see spec controller.md section 13 */
  expiresAt: 'rotators/expiration-time',
  /** RFC 3339. */
  issuedAt: 'aigateway.envoyproxy.io/issued-at',
  /** What the token was issued for, as `sealOf` gives it. */
  seal: 'aigateway.envoyproxy.io/credential-seal',
} as const;
