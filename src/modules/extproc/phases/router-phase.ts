import { headers } from '../../../shared/headers.js';
import { UserFacingError } from '../../../shared/errors.js';
import type { Endpoint } from '../endpoints/endpoint.js';
import { findTarget } from '../endpoints/endpoint-table.js';
import type { HeaderSet } from '../header-set.js';
import { selectModels } from '../models/model-list.js';
import type { ProcessorContext } from '../processor-context.js';
import { authDomainOf } from './attributes.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeAnswer, encodeLocalReply, type LocalReply } from '../wire/processing-response.js';
import {
  errorReply,
  methodNotAllowedReply,
  modelsReply,
  noConfigurationReply,
  unknownModelReply,
  unsupportedPathReply,
} from './local-reply.js';
import type { StartedTrace } from '../tracing/request-tracer.js';
import type { RequestRecord } from './request-record.js';

/** What the first message of a router stream leads to. */
export type Admission =
  /** A generation request: its body is to come. */
  | { readonly kind: 'admitted'; readonly id: string; readonly record: RequestRecord; readonly frame: Buffer }
  /** Answered by us. */
  | { readonly kind: 'answered'; readonly frame: Buffer; readonly isUnknownPath: boolean }
  /** Not ours to judge (CORS preflight): everything passes, cleaned of our headers. */
  | { readonly kind: 'passed'; readonly frame: Buffer };

/**
 * Decides on the request headers. Nothing a client says under our own header names is believed: they are removed here,
 * before any route is chosen for good (extproc.md X20).
 */
export function admitRequest(context: ProcessorContext, message: HeadersMessage): Admission {
  const path = message.headers.get(':path') ?? '';
  const method = message.headers.get(':method') ?? '';
  const found = findTarget(context.endpoints, path);
  if (method === 'OPTIONS') {
    const frame = encodeAnswer('request_headers', { removes: forgedHeaders(message), clearsRouteCache: true });
    return { kind: 'passed', frame };
  }
  if (found === undefined) return answered(context, unsupportedPathReply(path), true);
  const { target, model } = found;
  if (target.kind === 'models') return answerModels(context, message, target.dialect, method, model);
  return admitGeneration(context, message, target.endpoint, method, path);
}

function answerModels(
  context: ProcessorContext,
  message: HeadersMessage,
  dialect: 'openai' | 'anthropic',
  method: string,
  model: string | undefined,
): Admission {
  if (method !== 'GET' && method !== 'HEAD')
    return answered(context, methodNotAllowedReply(dialect, method, 'GET, HEAD'));
  const config = context.config.current;
  if (config === undefined) return answered(context, noConfigurationReply(dialect));
  const host = message.headers.get(':authority') ?? message.headers.get('host') ?? '';
  const models = selectModels(config.models, host);
  if (model === undefined) {
    return answered(context, modelsReply(dialect === 'openai' ? models.openAIBody : models.anthropicBody));
  }
  const body = models.bodyOf(model, dialect);
  return answered(context, body === undefined ? unknownModelReply(dialect, model) : modelsReply(body));
}

function admitGeneration(
  context: ProcessorContext,
  message: HeadersMessage,
  endpoint: Endpoint,
  method: string,
  path: string,
): Admission {
  const { dialect } = endpoint;
  if (method !== 'POST') return answered(context, methodNotAllowedReply(dialect, method, 'POST'));
  const config = context.config.current;
  if (config === undefined) return answered(context, noConfigurationReply(dialect));
  if (message.endOfStream) {
    return answered(context, badRequest(endpoint, `malformed request: ${endpoint.path} needs a JSON body, found none`));
  }
  const id = `${message.headers.get(headers.requestId) ?? ''}-${context.newId()}`;
  const record: RequestRecord = {
    endpoint,
    config,
    clientHeaders: message.headers,
    path,
    appliedAuthDomain: authDomainOf(message.attributes),
    parsed: undefined,
    span: undefined,
    attemptCount: 0,
    hasReceipt: false,
    attempt: undefined,
    edits: [],
  };
  if (!context.registry.add(id, record)) {
    const error = { status: 503, type: 'ServiceUnavailable', message: 'too many requests under way in this gateway' };
    return answered(context, errorReply(dialect, error, 'aigw_overloaded'));
  }
  const frame = encodeAnswer('request_headers', {
    sets: [{ name: headers.internalRequestId, value: id }],
    removes: forgedHeaders(message, headers.internalRequestId),
    responseBodyMode: 'streamed',
  });
  return { kind: 'admitted', id, record, frame };
}

/** Reads the body; the answer carries the control headers by which Envoy routes. */
export function routeRequest(
  context: ProcessorContext,
  record: RequestRecord,
  body: Buffer,
): { frame: Buffer; isRefused: boolean } {
  try {
    record.parsed = record.endpoint.parse(body, {
      contentType: record.clientHeaders.get('content-type'),
      forcesUsage: context.translatorEnv.options.forcesStreamUsage || record.config.hasCosts,
    });
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    context.logger.info(
      { request_id: record.clientHeaders.get(headers.requestId), reason: error.message },
      'request refused',
    );
    return { frame: reject(context, badRequest(record.endpoint, error.message)), isRefused: true };
  }
  const sets: HeaderSet[] = [
    { name: headers.model, value: record.parsed.model },
    { name: headers.originalPath, value: record.path },
    { name: headers.envoyOriginalPath, value: record.path },
  ];
  const trace = startTrace(context, record, body);
  if (trace === undefined)
    return { frame: encodeAnswer('request_body', { sets, clearsRouteCache: true }), isRefused: false };
  sets.push(...trace.sets);
  const frame = encodeAnswer('request_body', { sets, removes: trace.removes, clearsRouteCache: true });
  return { frame, isRefused: false };
}

function startTrace({ tracer }: ProcessorContext, record: RequestRecord, body: Buffer): StartedTrace | undefined {
  if (tracer === undefined) return undefined;
  const { endpoint, clientHeaders, parsed } = record;
  const trace = tracer.start({ endpoint: endpoint.name, headers: clientHeaders, parsed: parsed!, body });
  record.span = trace.span;
  return trace;
}

function badRequest(endpoint: Endpoint, message: string): LocalReply {
  return errorReply(endpoint.dialect, { status: 400, type: 'BadRequest', message }, 'aigw_bad_request');
}

/** Our own names that the client sent, but for the one that we set in the same answer, if any. */
function forgedHeaders(message: HeadersMessage, setByUs?: string): string[] {
  const forged = message.headers.namesWithPrefix(headers.ownPrefix).filter((name) => name !== setByUs);
  if (message.headers.has(headers.destinationEndpoint)) forged.push(headers.destinationEndpoint);
  return forged;
}

function answered(context: ProcessorContext, reply: LocalReply, isUnknownPath = false): Admission {
  return {
    kind: 'answered',
    frame: reply.status >= 400 ? reject(context, reply) : encodeLocalReply(reply),
    isUnknownPath,
  };
}

function reject(context: ProcessorContext, reply: LocalReply): Buffer {
  context.gatewayMetrics.requestRejected(reply.status, reply.details);
  return encodeLocalReply(reply);
}
