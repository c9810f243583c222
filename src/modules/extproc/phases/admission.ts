import { headers } from '../../../shared/headers.js';
import type { ProcessorContext } from '../processor-context.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeLocalReply, type LocalReply } from '../wire/processing-response.js';
import { authDomainOf } from './attributes.js';
import type { Dialect } from './error-dialect.js';
import { errorReply } from './local-reply.js';
import type { RequestRecord } from './request-record.js';

/** What the first message of a router stream leads to. */
export type Admission =
  /** A request whose body is to come. */
  | { readonly kind: 'admitted'; readonly id: string; readonly record: RequestRecord; readonly frame: Buffer }
  /** A request that Envoy can route now; its body passes unseen. */
  | { readonly kind: 'routed'; readonly id: string; readonly record: RequestRecord; readonly frame: Buffer }
  /** Answered by us. */
  | { readonly kind: 'answered'; readonly frame: Buffer; readonly isUnknownPath: boolean }
  /** Not ours to judge (CORS preflight): everything passes, cleaned of our headers. */
  | { readonly kind: 'passed'; readonly frame: Buffer };

/** The record of a request that was admitted just now. */
export function newRecord(
  message: HeadersMessage,
  { endpoint, config, passage }: Pick<RequestRecord, 'endpoint' | 'config' | 'passage'>,
): RequestRecord {
  return {
    endpoint,
    config,
    passage,
    clientHeaders: message.headers,
    path: message.headers.get(':path') ?? '',
    appliedAuthDomain: authDomainOf(message.attributes),
    parsed: undefined,
    span: undefined,
    attemptCount: 0,
    hasReceipt: false,
    attempt: undefined,
    edits: [],
  };
}

/** Enters a request among those under way. Gives its internal id, or the answer to one that is too many. */
export function register(context: ProcessorContext, record: RequestRecord): string | LocalReply {
  const id = `${record.clientHeaders.get(headers.requestId) ?? ''}-${context.newId()}`;
  if (context.registry.add(id, record)) return id;
  const error = { status: 503, type: 'ServiceUnavailable', message: 'too many requests under way in this gateway' };
  return errorReply(record.endpoint.dialect, error, 'aigw_overloaded');
}

export const badRequest = (dialect: Dialect, message: string): LocalReply =>
  errorReply(dialect, { status: 400, type: 'BadRequest', message }, 'aigw_bad_request');

/** Envoy leaves the header to requests that it treats as upgrades, and to no others. */
export const isUpgrade = (message: HeadersMessage): boolean => message.headers.has('upgrade');

/** Our own names that the client sent, but for those that we set in the same answer, if any. */
export function forgedHeaders(message: HeadersMessage, ...setByUs: readonly string[]): string[] {
  const forged = message.headers.namesWithPrefix(headers.ownPrefix).filter((name) => !setByUs.includes(name));
  if (message.headers.has(headers.destinationEndpoint)) forged.push(headers.destinationEndpoint);
  return forged;
}

export function answered(context: ProcessorContext, reply: LocalReply, isUnknownPath = false): Admission {
  return {
    kind: 'answered',
    frame: reply.status >= 400 ? reject(context, reply) : encodeLocalReply(reply),
    isUnknownPath,
  };
}

export function reject(context: ProcessorContext, reply: LocalReply): Buffer {
  context.gatewayMetrics.requestRejected(reply.status, reply.details);
  return encodeLocalReply(reply);
}
