import type {
  JwtProviderSchema,
  JwtRequirementSchema,
} from '../../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { JwtProviderSettings, JwtSettings, SecurityPolicy } from '../../../../shared/api/envoy-gateway.js';
import type { Init } from '../extension.js';
import { findLocalText } from '../secret-data.js';
import type { Translation } from '../translate-options.js';

export const JWT_AUTHN_FILTER = 'envoy.filters.http.jwt_authn';

type ProviderInit = Init<typeof JwtProviderSchema>;
type RequirementInit = Init<typeof JwtRequirementSchema>;

/** What the filter of a listener has to know for the routes under one policy. */
export interface JwtRequirement {
  /** Key in `requirement_map`. */
  readonly name: string;
  readonly requirement: RequirementInit;
  /** Keys in `providers`, unique among all policies. */
  readonly providers: ReadonlyMap<string, ProviderInit>;
}

/** Undefined, and reported, when a provider cannot be had: then nobody may pass. */
export function jwtRequirement(
  translation: Translation,
  policy: SecurityPolicy,
  settings: JwtSettings,
): JwtRequirement | undefined {
  const name = `${policy.metadata.namespace ?? ''}/${policy.metadata.name}`;
  const providers = new Map<string, ProviderInit>();
  for (const [index, provider] of settings.providers.entries()) {
    const init = jwtProvider(translation, policy, `spec.jwt.providers[${index}]`, provider);
    if (!init) return undefined;
    providers.set(`${name}/${provider.name}`, init);
  }
  if (providers.size === 0) {
    translation.faults.error(policy, 'spec.jwt.providers', 'Invalid', 'there is no provider: add one');
    return undefined;
  }
  const alternatives = [...providers.keys()].map((key): RequirementInit => ({
    requiresType: { case: 'providerName', value: key },
  }));
  if (settings.optional === true) alternatives.push({ requiresType: { case: 'allowMissing', value: {} } });
  const [only] = alternatives;
  const requirement: RequirementInit =
    alternatives.length === 1 && only
      ? only
      : { requiresType: { case: 'requiresAny', value: { requirements: alternatives } } };
  return { name, requirement, providers };
}

function jwtProvider(
  translation: Translation,
  policy: SecurityPolicy,
  path: string,
  provider: JwtProviderSettings,
): ProviderInit | undefined {
  const jwks = localJwks(translation, policy, path, provider);
  if (jwks === undefined) return undefined;
  const { headers = [], params = [], cookies = [] } = provider.extractFrom ?? {};
  return {
    issuer: provider.issuer ?? '',
    audiences: [...(provider.audiences ?? [])],
    jwksSourceSpecifier: {
      case: 'localJwks',
      value: { specifier: { case: 'inlineString', value: jwks } },
    },
    // The token stays on the request; the processor replaces `authorization` where a backend has credentials.
    forward: true,
    payloadInMetadata: provider.name,
    normalizePayloadInMetadata: { spaceDelimitedClaims: ['scope'] },
    fromHeaders: headers.map(({ name, valuePrefix = '' }) => ({ name, valuePrefix })),
    fromParams: [...params],
    fromCookies: [...cookies],
    claimToHeaders: (provider.claimToHeaders ?? []).map(({ claim, header }) => ({
      claimName: claim,
      headerName: header,
    })),
    clearRouteCache: provider.recomputeRoute ?? false,
  };
}

function localJwks(
  translation: Translation,
  policy: SecurityPolicy,
  path: string,
  { localJWKS }: JwtProviderSettings,
): string | undefined {
  if (!localJWKS) {
    const message = 'only localJWKS is supported: put the key set inline or into a ConfigMap';
    translation.faults.error(policy, `${path}.remoteJWKS`, 'UnsupportedValue', message);
    return undefined;
  }
  const at = `${path}.localJWKS`;
  const text =
    localJWKS.type === 'ValueRef' && localJWKS.valueRef
      ? findLocalText(translation, policy, `${at}.valueRef`, localJWKS.valueRef, 'jwks', 'first-key')
      : (localJWKS.inline ?? '');
  if (text === undefined || isKeySet(text)) return text;
  translation.faults.error(
    policy,
    at,
    'Invalid',
    'this is not a JSON Web Key Set: expected {"keys": [...]} with a key',
  );
  return undefined;
}

function isKeySet(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    const keys = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : undefined;
    return Array.isArray(keys) && keys.length > 0;
  } catch {
    return false;
  }
}
