import { EnvHttpProxyAgent, request } from 'undici';
import type { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type ExchangeStep } from '../exchange.js';
import type { ProxyRule } from './proxy-rules.js';

/** Of one call, from the first packet to the last byte of the answer. */
export const CALL_TIMEOUT_MS = 10_000;
/** Token answers have a few kilobytes; a discovery document has a few more. */
const ANSWER_BYTES_MAX = 1024 * 1024;
const RETRY_AFTER_MAX_MS = 24 * 3_600_000;

export interface Call {
  readonly step: ExchangeStep;
  /** Whom it talks to, for messages: "Microsoft Entra". */
  readonly provider: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What the call carries and no error may say, not even when the provider echoes it. */
  readonly secrets?: readonly Redacted<string>[];
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | undefined;
  readonly text: string;
  /** The provider's clock (`Date`), undefined when it did not say. */
  readonly serverTime: Date | undefined;
  /** At most a day. */
  readonly retryAfterMs: number | undefined;
}

/** Resolves with any answer that HTTP can give, redirects included; rejects with ExchangeError when there is none. */
export type Send = (call: Call, signal: AbortSignal) => Promise<Answer>;

/**
 * Calls over one proxy rule. Each call has a connection of its own: policies are an hour apart, and nothing is left behind
 * when issuers come and go. Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
export function createSend(rule: ProxyRule, timeoutMs: number, now: () => Date): Send {
  return async (call, signal) => {
    refuseUrl(call);
    const proxy = call.url.protocol === 'https:' ? rule.httpsProxy : rule.httpProxy;
    const tls = { rejectUnauthorized: true };
    const dispatcher = new EnvHttpProxyAgent({
      httpProxy: proxy,
      httpsProxy: proxy,
      noProxy: rule.noProxy,
      allowH2: false,
      connect: tls,
      requestTls: tls,
      proxyTls: tls,
    });
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(call.url, {
        method: call.method,
        headers: { accept: 'application/json', ...call.headers },
        body: call.body ?? null,
        dispatcher,
        signal: AbortSignal.any([signal, deadline]),
      });
      const header = (name: string) => [answer.headers[name]].flat()[0];
      const serverTime = dateOf(header('date'));
      return {
        status: answer.statusCode,
        contentType: header('content-type') ?? '',
        location: header('location'),
        text: await boundedText(answer.body, call),
        serverTime,
        retryAfterMs: parseRetryAfter(header('retry-after'), serverTime ?? now()),
      };
    } catch (error) {
      if (error instanceof ExchangeError) throw error;
      throw networkFailure(call, error, { cancelled: signal, deadline, timeoutMs, proxied: proxy !== '' });
    } finally {
      void dispatcher.destroy().catch(() => undefined);
    }
  };
}

function refuseUrl({ url, step, provider }: Call): void {
  const fault =
    url.protocol !== 'https:' && url.protocol !== 'http:'
      ? 'is neither http nor https'
      : url.username || url.password
        ? 'holds a user name or password'
        : undefined;
  if (!fault) return;
  const hint = 'Configure an https URL without user information.';
  throw new ExchangeError(`cannot call ${provider}: its URL ${fault}`, step, 'misconfigured', hint);
}

async function boundedText(body: AsyncIterable<Buffer>, call: Call): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      throw new ExchangeError(
        `cannot use the answer of ${whom(call)}: it is longer than ${ANSWER_BYTES_MAX} bytes`,
        call.step,
        'answer_too_large',
        'Check that the URL is the one of a token service.',
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** "Microsoft Entra (login.microsoftonline.com)". The host only: paths and queries of configured URLs may hold secrets. */
export const whom = (call: Pick<Call, 'provider' | 'url'>) => `${call.provider} (${call.url.host})`;

const dateOf = (text: string | undefined): Date | undefined => {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms);
};

/** Seconds or an HTTP date. @see RFC 9110 section 10.2.3 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? '';
  const date = /^[A-Za-z]/.test(text) ? text : '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(date) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

interface CallState {
  readonly cancelled: AbortSignal;
  readonly deadline: AbortSignal;
  readonly timeoutMs: number;
  readonly proxied: boolean;
}

/**
 * Errors of the network library stay out of `cause`: some carry what the peer sent.
 */
function networkFailure(call: Call, error: unknown, state: CallState): ExchangeError {
  const fail = (why: string, code: string, hint: string) =>
    new ExchangeError(`cannot reach ${whom(call)}: ${why}`, call.step, code, hint);
  if (state.deadline.aborted || isTimeout(state.cancelled.reason)) {
    const waited = state.deadline.aborted
      ? `no complete answer within ${state.timeoutMs} ms`
      : 'the exchange took too long';
    return fail(
      waited,
      'timeout',
      `Check that the controller can reach it${state.proxied ? ' through its proxy' : ''}.`,
    );
  }
  if (state.cancelled.aborted)
    return fail('the exchange was cancelled', 'cancelled', 'It is tried again when it is due.');
  const code = systemCode(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail(
      `its name does not resolve (${code})`,
      'dns_failure',
      'Check the host name and the DNS of the cluster.',
    );
  }
  if (code === 'ECONNREFUSED') {
    const by = state.proxied ? 'It, or the proxy in front of it,' : 'It';
    return fail(
      'the connection was refused',
      'connection_refused',
      `${by} does not listen there: check host and port.`,
    );
  }
  if (TLS_CODE.test(code)) {
    const hint = 'Check that its certificate is valid for the host; a private CA is given by NODE_EXTRA_CA_CERTS.';
    return fail(`its TLS certificate or handshake was refused (${code})`, 'tls_failure', hint);
  }
  if (state.proxied && (code === 'UND_ERR_ABORTED' || code.startsWith('UND_ERR_PRX'))) {
    return fail('the proxy refused to connect', 'proxy_refused', 'Check the proxy URL, its credentials and its rules.');
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') {
    return fail(
      'the connection broke',
      'connection_reset',
      'It is tried again; check proxies and firewalls on the way.',
    );
  }
  if (code.startsWith('HPE_')) {
    return fail(
      `its answer is no HTTP (${code})`,
      'malformed_answer',
      'Check that the URL is the one of a token service.',
    );
  }
  return fail(`no connection (${code})`, 'unreachable', 'Check network policies, routes and proxies.');
}

const TLS_CODE =
  /^(ERR_(TLS|SSL|OSSL)_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH|UND_ERR_PRX_TLS)/;

/** By its name: reasons of signals are no Errors of every realm. */
export const isTimeout = (reason: unknown) => memberOf(reason, 'name') === 'TimeoutError';

/** Of the error or what caused it; only short words in capitals pass. */
function systemCode(error: unknown): string {
  for (let at = error, depth = 0; at !== undefined && depth < 4; at = memberOf(at, 'cause'), depth += 1) {
    const attempts = memberOf(at, 'errors');
    for (const candidate of [at, Array.isArray(attempts) ? attempts[0] : undefined]) {
      const code = memberOf(candidate, 'code');
      if (typeof code === 'string' && /^[A-Z0-9_]{1,48}$/.test(code)) return code;
    }
  }
  return 'unknown';
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
