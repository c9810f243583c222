import { UserFacingError } from '../../../shared/errors.js';
import { headers } from '../../../shared/headers.js';
import type { Endpoint } from '../endpoints/endpoint.js';
import { findTarget, type PathTarget } from '../endpoints/endpoint-table.js';
import type { HeaderSet } from '../header-set.js';
import { selectModels } from '../models/model-list.js';
import type { ProcessorContext } from '../processor-context.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeAnswer } from '../wire/processing-response.js';
import {
  answered,
  badRequest,
  forgedHeaders,
  isUpgrade,
  newRecord,
  register,
  reject,
  type Admission,
} from './admission.js';
import { admitPassed, routePassed } from './admit-passed.js';
import type { Dialect } from './error-dialect.js';
import {
  methodNotAllowedReply,
  modelsReply,
  noConfigurationReply,
  unexpectedUpgradeReply,
  unknownModelReply,
  unsupportedPathReply,
} from './local-reply.js';
import type { StartedTrace } from '../tracing/request-tracer.js';
import type { RequestRecord } from './request-record.js';

/**
 * Decides on the request headers. Nothing a client says under our own header names is believed: they are removed here,
 * before any route is chosen for good (extproc.md X20).
 */
export function admitRequest(context: ProcessorContext, message: HeadersMessage): Admission {
  const path = message.headers.get(':path') ?? '';
  const method = message.headers.get(':method') ?? '';
  const found = findTarget(context.endpoints, path);
  if (isUpgrade(message) && (found !== undefined || method === 'OPTIONS') && !opensSession(found?.target)) {
    return answered(context, unexpectedUpgradeReply(found ? dialectOf(found.target) : 'openai'));
  }
  if (method === 'OPTIONS') {
    const frame = encodeAnswer('request_headers', { removes: forgedHeaders(message), clearsRouteCache: true });
    return { kind: 'passed', frame };
  }
  if (found === undefined) return answered(context, unsupportedPathReply(path), true);
  const { target, model } = found;
  if (target.kind === 'models')
    return answerModels(context, message, listDialect(target.dialect, message), method, model);
  if (target.kind === 'passed') return admitPassed(context, message, target, found);
  return admitGeneration(context, message, target.endpoint, method);
}

const opensSession = (target: PathTarget | undefined): boolean =>
  target?.kind === 'passed' && target.endpoint.observeSession !== undefined;

const dialectOf = (target: PathTarget): Dialect =>
  target.kind === 'models' ? target.dialect : target.endpoint.dialect;

/**
 * Clients of Anthropic's API whose address has no prefix reach the list of OpenAI's, and cannot read its form. All of them send
 * this header, and no client of OpenAI's does. @see https://docs.anthropic.com/en/api/versioning
 */
const listDialect = (dialect: 'openai' | 'anthropic', { headers: sent }: HeadersMessage): 'openai' | 'anthropic' =>
  sent.has('anthropic-version') ? 'anthropic' : dialect;

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
  const models = selectModels(config.models, host, message.headers);
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
): Admission {
  const { dialect } = endpoint;
  if (method !== 'POST') return answered(context, methodNotAllowedReply(dialect, method, 'POST'));
  const config = context.config.current;
  if (config === undefined) return answered(context, noConfigurationReply(dialect));
  if (message.endOfStream) {
    return answered(context, badRequest(dialect, `malformed request: ${endpoint.path} needs a JSON body, found none`));
  }
  const record = newRecord(message, { endpoint, config, passage: undefined });
  const id = register(context, record);
  if (typeof id !== 'string') return answered(context, id);
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
  const { endpoint, passage } = record;
  if (passage !== undefined) return routePassed(context, record, passage, body);
  if (!('parse' in endpoint)) throw new Error('a request whose body is read has an endpoint that reads it');
  try {
    record.parsed = endpoint.parse(body, {
      contentType: record.clientHeaders.get('content-type'),
      forcesUsage: context.translatorEnv.options.forcesStreamUsage || record.config.hasCosts,
    });
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    context.logger.info(
      { request_id: record.clientHeaders.get(headers.requestId), reason: error.message },
      'request refused',
    );
    const reply = badRequest(endpoint.dialect, error.message);
    context.tracer?.refuse({ endpoint: endpoint.name, headers: record.clientHeaders, body }, reply);
    return { frame: reject(context, reply), isRefused: true };
  }
  const sets: HeaderSet[] = [
    { name: headers.model, value: record.parsed.model },
    { name: headers.originalPath, value: record.path },
    { name: headers.envoyOriginalPath, value: record.path },
  ];
  const trace = startTrace(context, record, endpoint, body);
  if (trace === undefined)
    return { frame: encodeAnswer('request_body', { sets, clearsRouteCache: true }), isRefused: false };
  sets.push(...trace.sets);
  const frame = encodeAnswer('request_body', { sets, removes: trace.removes, clearsRouteCache: true });
  return { frame, isRefused: false };
}

function startTrace(
  { tracer }: ProcessorContext,
  record: RequestRecord,
  endpoint: Endpoint,
  body: Buffer,
): StartedTrace | undefined {
  if (tracer === undefined) return undefined;
  const { clientHeaders, parsed } = record;
  const trace = tracer.start({ endpoint: endpoint.name, headers: clientHeaders, parsed: parsed!, body });
  record.span = trace.span;
  return trace;
}
