import type { ExchangeRequest } from './exchange.js';

/** Who may keep an exchange waiting: the issuer of the policy's own, or else the cloud. */
export function providerOf(request: ExchangeRequest): string {
  if ('oidc' in request) return request.oidc.issuer;
  return request.kind;
}
