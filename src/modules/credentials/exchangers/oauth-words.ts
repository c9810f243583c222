import { objectOf, parseJsonObject, textOf, type ErrorWords } from './provider-answer.js';

/** Error answers of OAuth token endpoints. @see RFC 6749 section 5.2, RFC 8693 section 2.2.2 */
export const OAUTH_WORDS: ErrorWords = {
  codeOf: (answer) => textOf(parseJsonObject(answer.text)?.['error']),
  hints: {
    invalid_client: 'The provider does not know the client ID, or the client secret is wrong or has expired.',
    invalid_grant: 'The provider refuses what was presented: check that it is current and issued for this client.',
    invalid_request: 'The provider misses or refuses a parameter: check scopes, audience and grant type.',
    invalid_scope: 'Ask only for scopes that the provider grants to this client (oidc.scopes).',
    invalid_target: 'The provider does not issue tokens for this audience (oidcExchangeToken.aud).',
    unauthorized_client: 'Allow this client to use the grant type at the provider.',
    unsupported_grant_type: 'The provider does not offer the grant type (oidcExchangeToken.grantType).',
    access_denied: 'The provider denies this client access: check its roles and consents.',
  },
};

/**
 * Microsoft Entra: its AADSTS number says more than the OAuth code.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const ENTRA_WORDS: ErrorWords = {
  codeOf: (answer) => {
    const members = parseJsonObject(answer.text);
    const numbers = members?.['error_codes'];
    const number: unknown = Array.isArray(numbers) ? numbers[0] : undefined;
    return typeof number === 'number' ? `AADSTS${number}` : textOf(members?.['error']);
  },
  hints: {
    ...OAUTH_WORDS.hints,
    AADSTS7000215: 'The client secret is wrong: store the secret value, not the secret ID.',
    AADSTS7000222: 'The client secret has expired: create a new one.',
    AADSTS700016: 'The tenant has no application with this client ID: check clientID and tenantID.',
    AADSTS90002: 'There is no such tenant: check tenantID.',
    AADSTS900023: 'The tenant ID is malformed: check tenantID.',
    AADSTS700024: 'The assertion is not valid at this time: check the lifetime of the OIDC token and the clocks.',
    AADSTS700211: 'No federated identity credential of the application matches the issuer of the assertion.',
    AADSTS700212: 'No federated identity credential of the application matches the audience of the assertion.',
    AADSTS700213: 'No federated identity credential of the application matches the subject of the assertion.',
    AADSTS70021: 'No federated identity credential of the application matches issuer, subject and audience.',
    AADSTS50027: 'The assertion is no valid JWT: let the OpenID provider issue JWT access tokens.',
    AADSTS53003: 'A conditional access policy of the tenant blocks this application.',
  },
};

/** Managed identities. @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling */
export const MANAGED_IDENTITY_WORDS: ErrorWords = {
  codeOf: OAUTH_WORDS.codeOf,
  hints: {
    invalid_request: 'Assign the managed identity with this clientID to the machine that the controller runs on.',
    unauthorized_client: 'The managed identity may not get tokens: check its assignment.',
  },
};

/** Google: OAuth errors of token endpoints, `google.rpc.Status` of APIs. @see https://google.aip.dev/193 */
export const GOOGLE_WORDS: ErrorWords = {
  codeOf: (answer) => {
    const error = parseJsonObject(answer.text)?.['error'];
    return textOf(error) ?? textOf(objectOf(error)?.['status']);
  },
  hints: {
    ...OAUTH_WORDS.hints,
    invalid_grant:
      'Google refuses the token or signature presented: check that the key or provider is current and enabled.',
    invalid_target: 'There is no such workload identity pool or provider: check projectID and both names.',
    invalid_client: 'Google does not know the client, or its secret is wrong.',
    unauthorized_client: 'The attribute condition of the workload identity provider refuses the token.',
    PERMISSION_DENIED:
      'Grant roles/iam.workloadIdentityUser or roles/iam.serviceAccountTokenCreator on the service account.',
    NOT_FOUND: 'There is no such service account: check serviceAccountName and projectName.',
    UNAUTHENTICATED: 'The federated token is not accepted: check pool and provider.',
    RESOURCE_EXHAUSTED: 'A quota of the project is used up: it is tried again later.',
  },
};
