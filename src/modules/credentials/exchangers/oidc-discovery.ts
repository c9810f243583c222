import { ExchangeError } from '../exchange.js';
import { type Answer, type Call, isTimeout, type Send, whom } from './bounded-call.js';
import { malformed, parseJsonObject, refuseFailure, textOf } from './provider-answer.js';
import { OAUTH_WORDS } from './oauth-words.js';

/** What is read of an OpenID provider's metadata. */
export interface ProviderMetadata {
  readonly tokenEndpoint: string | undefined;
  /** Undefined: not told, which means client_secret_basic. @see OpenID Connect Discovery 1.0 section 3 */
  readonly authMethods: readonly string[] | undefined;
}

const CACHE_TTL_MS = 3_600_000;
const CACHE_ENTRIES_MAX = 256;
const REDIRECTS_MAX = 3;

interface Entry {
  readonly metadata: Promise<ProviderMetadata>;
  /** Undefined while under way. */
  fetchedAtMs: number | undefined;
}

/**
 * Metadata of OpenID providers, kept for an hour; at most 256. Policies that ask for the same issuer at the same time share
 * one call. Failures are not kept.
 */
export class OidcDiscovery {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly send: Send,
    private readonly now: () => Date,
  ) {}

  /** Rejects with ExchangeError; `signal` ends the wait of this caller, not the call that others wait for as well. */
  async metadata(issuer: string, signal: AbortSignal): Promise<ProviderMetadata> {
    return await orAborted(this.#fresh(issuer) ?? this.#fetch(issuer), issuer, signal);
  }

  /** Forgets a provider whose metadata led nowhere. */
  forget(issuer: string): void {
    this.#entries.delete(issuer);
  }

  #fresh(issuer: string): Promise<ProviderMetadata> | undefined {
    const entry = this.#entries.get(issuer);
    if (!entry) return undefined;
    const ageMs = entry.fetchedAtMs === undefined ? 0 : this.now().getTime() - entry.fetchedAtMs;
    // A clock that was set back makes an age negative: nothing is known of it then.
    return ageMs >= 0 && ageMs < CACHE_TTL_MS ? entry.metadata : undefined;
  }

  #fetch(issuer: string): Promise<ProviderMetadata> {
    const entry: Entry = { metadata: fetchMetadata(this.send, issuer, this.now), fetchedAtMs: undefined };
    this.#entries.delete(issuer);
    this.#entries.set(issuer, entry);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > CACHE_ENTRIES_MAX && !oldest.done) this.#entries.delete(oldest.value);
    entry.metadata.then(
      () => {
        entry.fetchedAtMs = this.now().getTime();
      },
      () => {
        if (this.#entries.get(issuer) === entry) this.#entries.delete(issuer);
      },
    );
    return entry.metadata;
  }
}

async function fetchMetadata(send: Send, issuer: string, now: () => Date): Promise<ProviderMetadata> {
  const { call, answer } = await followed(send, discoveryCall(issuer));
  refuseFailure(call, answer, OAUTH_WORDS, now());
  const document = answer.status === 200 ? parseJsonObject(answer.text) : undefined;
  if (!document) throw malformed(call, 'it is no JSON object with status 200');
  if (document['issuer'] !== issuer) {
    throw new ExchangeError(
      `cannot trust ${whom(call)}: its discovery document names another issuer`,
      call.step,
      'issuer_mismatch',
      'Set oidc.provider.issuer to exactly the issuer of the discovery document, with or without a slash at its end.',
    );
  }
  const methods = document['token_endpoint_auth_methods_supported'];
  return {
    tokenEndpoint: textOf(document['token_endpoint']),
    authMethods: Array.isArray(methods) ? methods.filter((method) => typeof method === 'string') : undefined,
  };
}

/** @see OpenID Connect Discovery 1.0 section 4.1 */
function discoveryCall(issuer: string): Call {
  const url = URL.parse(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!url) {
    const hint = 'Set oidc.provider.issuer to an https URL.';
    throw new ExchangeError('cannot discover the OpenID provider: its issuer is no URL', STEP, 'misconfigured', hint);
  }
  return { step: STEP, provider: PROVIDER, method: 'GET', url };
}

const STEP = 'oidc-discovery';
const PROVIDER = 'the OpenID provider';

/** The document is public, so its redirects are followed; never from https to http. */
async function followed(send: Send, first: Call): Promise<{ readonly call: Call; readonly answer: Answer }> {
  let call = first;
  for (let redirects = 0; ; redirects += 1) {
    // Not the signal of one caller: others wait for the same answer. The deadline of the call ends it.
    const answer = await send(call, NEVER);
    const isRedirect = [301, 302, 303, 307, 308].includes(answer.status);
    const next = isRedirect ? URL.parse(answer.location ?? '', call.url.href) : null;
    if (!next || redirects === REDIRECTS_MAX || isDowngrade(call.url, next)) return { call, answer };
    call = { ...call, url: next };
  }
}

const NEVER = new AbortController().signal;

export const isDowngrade = (from: URL, to: URL) => from.protocol === 'https:' && to.protocol !== 'https:';

async function orAborted<T>(result: Promise<T>, issuer: string, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    const why = isTimeout(signal.reason) ? 'timeout' : 'cancelled';
    const host = URL.parse(issuer)?.host ?? 'no URL';
    const message = `cannot wait for ${PROVIDER} (${host}): the exchange ${why === 'timeout' ? 'took too long' : 'was cancelled'}`;
    aborted.reject(new ExchangeError(message, STEP, why, 'Check that the controller can reach the issuer.'));
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
