import { UserFacingError } from '../../../shared/errors.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import type { Redacted } from '../../../shared/secret.js';
import type { HeaderSet } from '../header-set.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import type { AuthScheme } from './auth-scheme.js';
import type { AuthInput, AuthOutcome } from './backend-auth.js';
import type { CredentialSources } from './credential-sources.js';
import { broughtCredential, configuredCredential } from './credential-text.js';
import { withCredential } from './with-credential.js';

type GCPConfig = NonNullable<AuthConfig['gcp']>;

/**
 * Requests to Google Cloud: a bearer token, and a path below project and region. An empty token stands for Application
 * Default Credentials. @see spec extproc.md section 18 (row gcp)
 * @throws UserFacingError when project or region cannot stand in a path
 */
export function gcpScheme({ accessToken, region, projectName }: GCPConfig, sources: CredentialSources): AuthScheme {
  const prefix = `/v1/projects/${pathSegment('projectName', projectName)}/locations/${pathSegment('region', region)}/`;
  return {
    credentialHeaders: ['authorization'],
    configured: () => {
      if (accessToken.reveal().trim() !== '') {
        const header = bearerHeader(configuredCredential(accessToken, 'auth.gcp.accessToken'));
        return (input) => outcome(prefix, header, input);
      }
      const credential = sources.googleDefault();
      const headerOf = sharedHeader();
      return (input) => withCredential(credential, (token) => outcome(prefix, headerOf(token), input));
    },
    brought: (source) => (input) => {
      const token = broughtCredential(source, input);
      return token === undefined
        ? undefined
        : outcome(prefix, { name: 'authorization', value: `Bearer ${token}` }, input);
    },
    inputHeaders: (headerName) => [headerName],
  };
}

/** What is in front of the translator's path is kept as it is: a path with a slash in front gives two. */
function outcome(prefix: string, header: HeaderSet, input: AuthInput): AuthOutcome {
  const path = input.headers.get(':path');
  if (path === undefined) return { kind: 'unavailable', message: 'a request without :path cannot go to Google Cloud' };
  return { kind: 'headers', sets: [{ name: ':path', value: prefix + path }, header] };
}

/** Known for the life of the token, so all requests share its bytes (X56). */
function bearerHeader(token: string): HeaderSet {
  const name = 'authorization';
  const value = `Bearer ${token}`;
  return { name, value, encoded: encodeHeaderValueOption(name, value) };
}

/** Encodes a token once, until there is another one. */
function sharedHeader(): (token: Redacted<string>) => HeaderSet {
  let last: { readonly token: Redacted<string>; readonly header: HeaderSet } | undefined;
  return (token) => {
    if (last?.token !== token) last = { token, header: bearerHeader(token.reveal()) };
    return last.header;
  };
}

/** Old projects have the name of a domain and a colon in front. */
function pathSegment(field: 'projectName' | 'region', text: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?$/.test(text)) return text;
  const example = field === 'region' ? 'us-central1' : 'my-project';
  throw new UserFacingError(`auth.gcp.${field}: found ${JSON.stringify(text)}; expected a name such as "${example}"`);
}
