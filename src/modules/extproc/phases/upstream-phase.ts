import { headers, metadataKeys } from '../../../shared/headers.js';
import { UserFacingError } from '../../../shared/errors.js';
import { GrpcError, grpcStatus } from '../../../platform/grpc/status.js';
import type { Endpoint, ParsedRequest } from '../endpoints/endpoint.js';
import { isProtectedHeader } from '../mutation/header-mutation.js';
import type { ProcessorContext } from '../processor-context.js';
import { MalformedRequestError } from '../request-error.js';
import type { RuntimeBackend } from '../runtime-config/runtime-config.js';
import { providerName } from '../telemetry/provider-name.js';
import type { Exchange, Translator } from '../translators/translator.js';
import { MATRIX } from '../translators/matrix.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeLocalReply, type DynamicMetadata } from '../wire/processing-response.js';
import { Attempt } from './attempt.js';
import { refuse, refuseUnsupported, type AttemptInput } from './attempt-input.js';
import { authDomainOf, backendNameOf, routeNameOf, upstreamHostOf } from './attributes.js';
import type { LocalError } from './error-dialect.js';
import { LocalHeaders } from './local-headers.js';
import { errorReply, methodNotAllowedReply } from './local-reply.js';
import { passAttempt } from './pass-attempt.js';
import type { RequestRecord } from './request-record.js';
import { sendAttempt } from './send-attempt.js';
import { receiptText } from './translation-receipt.js';

/**
 * Turns the request into what the chosen backend takes: translate, mutate, restore what an earlier attempt left on the
 * shared header map, authenticate. One call per attempt; its answer is the only message of the upstream stream.
 * @see spec extproc.md sections 4.3, 6, 8
 */
export function startAttempt(context: ProcessorContext, message: HeadersMessage): Buffer | Promise<Buffer> {
  const found = message.attributes;
  if (found === undefined) throw new GrpcError(grpcStatus.internal, 'missing attributes in request');
  const id = message.headers.get(headers.internalRequestId);
  if (id === undefined) return refuseUnadmitted(message);
  const name = backendNameOf(found);
  if (name === undefined) throw new GrpcError(grpcStatus.internal, 'missing backend name in attributes');

  const record = context.registry.get(id);
  if (record === undefined) return refuseUnknownRequest(context, name);
  const backend = context.config.findBackend(name);
  if (backend === undefined) return afterWait(context, message, record, name);
  return bindAttempt(context, message, record, backend);
}

function bindAttempt(
  context: ProcessorContext,
  message: HeadersMessage,
  record: RequestRecord,
  backend: RuntimeBackend,
): Buffer | Promise<Buffer> {
  const found = message.attributes!;

  const local = localHeaders(record, message);
  local.set(headers.upstreamHost, upstreamHostOf(found));
  record.attempt?.supersede();
  record.hasReceipt ||= (record.attempt?.exchange?.request.dropped.length ?? 0) > 0;
  record.attemptCount += 1;
  const request = {
    operation: record.endpoint.operation,
    originalModel: record.parsed?.model ?? record.passage?.model,
    costs: record.config.costs,
    clientHeaders: record.clientHeaders,
  };
  const attempt = new Attempt(context, request, backend, routeNameOf(found) ?? '', local);
  record.attempt = attempt;
  record.span?.beginAttempt(
    { provider: providerName(backend.schema.name, backend.name), backend: backend.shortName },
    attempt.startedMs,
  );
  local.set(headers.model, attempt.requestModel);
  return prepare({ context, message, record, backend, attempt, local });
}

/**
 * The client's request as this attempt sees it. What earlier attempts put on the header map that all attempts share, their
 * backends' credentials among it, or took off it, reads as the client sent it. @see spec extproc.md 11.1 and 18.2
 */
function localHeaders(record: RequestRecord, message: HeadersMessage): LocalHeaders {
  const local = new LocalHeaders(message.headers);
  for (const { sets, removes } of record.edits) {
    for (const name of [...sets.map((set) => set.name), ...removes]) {
      if (!isProtectedHeader(name)) local.set(name, record.clientHeaders.get(name));
    }
  }
  return local;
}

function prepare(input: AttemptInput): Buffer | Promise<Buffer> {
  const { message, record, backend, attempt } = input;
  const { endpoint, parsed, passage } = record;
  if (parsed === undefined && passage?.model === undefined) {
    const reason = 'malformed request: its body did not reach the gateway';
    return refuse(input, { status: 400, type: 'BadRequest', message: reason }, 'aigw_bad_request');
  }
  const neededAuthDomain = authDomainOf(message.attributes);
  if (neededAuthDomain !== undefined && neededAuthDomain !== record.appliedAuthDomain) {
    // The route of this model asks for credentials that nobody checked (extension-server.md 21.8).
    const reason = `route ${attempt.routeName} has a SecurityPolicy of its own, which cannot be applied to it; it must target the Gateway`;
    return refuse(input, { status: 403, type: 'Forbidden', message: reason }, 'aigw_authentication_not_applied');
  }
  if (backend.broken !== undefined) {
    const reason = `backend ${backend.shortName} cannot be used: ${backend.broken}`;
    return refuse(input, { status: 503, type: 'ServiceUnavailable', message: reason }, 'aigw_backend_unusable');
  }
  if (passage !== undefined) return passAttempt(input, passage);
  if (parsed === undefined || !('parse' in endpoint)) throw new Error('a request without a passage has a parsed body');
  const translator = MATRIX[endpoint.name][backend.schema.name];
  if (translator === undefined) return refuseUnsupported(input, endpoint.path);
  return translate(input, endpoint, translator, parsed);
}

function translate(
  input: AttemptInput,
  endpoint: Endpoint,
  translator: Translator,
  request: ParsedRequest,
): Buffer | Promise<Buffer> {
  const { context, record, backend, attempt } = input;
  let exchange: Exchange;
  try {
    exchange = translator.start(
      {
        request,
        requestModel: attempt.requestModel,
        hasModelOverride: backend.modelNameOverride !== '',
        schema: backend.schema,
        headers: record.clientHeaders,
      },
      context.translatorEnv,
    );
  } catch (error) {
    return refuse(input, ...translationFailure(context, backend, error));
  }
  const { dropped } = exchange.request;
  if (dropped.length > 0) {
    for (const path of dropped) context.gatewayMetrics.fieldDropped(endpoint.name, backend.schema.name, path);
    if (backend.translationPolicy === 'strict') {
      const reason = `backend ${backend.shortName} (${backend.schema.name}) cannot express ${dropped.join(', ')}; leave these fields out, or set the route's translation policy to lenient`;
      return refuse(input, { status: 422, type: 'UnprocessableEntity', message: reason }, 'aigw_translation_dropped');
    }
  }
  attempt.exchange = exchange;
  if (record.clientHeaders.get(headers.debug) === DEBUG_TRANSLATION) attempt.receipt = receiptText(dropped) || 'none';
  return sendAttempt(input, exchange, request);
}

/** Value of `x-aigw-debug` that asks for the receipt. */
const DEBUG_TRANSLATION = 'translation';

function translationFailure(
  { logger }: ProcessorContext,
  { name, shortName }: RuntimeBackend,
  error: unknown,
): [LocalError, string] {
  if (error instanceof MalformedRequestError)
    return [{ status: 400, type: 'BadRequest', message: error.message }, 'aigw_bad_request'];
  if (error instanceof UserFacingError)
    return [{ status: 422, type: 'UnprocessableEntity', message: error.message }, 'aigw_unprocessable'];
  // Nesting that overruns the stack, or a defect of ours: the client gets an answer, and nobody else notices.
  logger.error({ err: error, backend: name }, 'a translator failed');
  const message = `the request could not be translated for backend ${shortName}; this is a defect of the gateway`;
  return [{ status: 500, type: 'InternalError', message }, 'aigw_translation_failed'];
}

/** xDS and configuration travel by different ways, so a backend may be new and about to come (extproc.md X31). */
async function afterWait(
  context: ProcessorContext,
  message: HeadersMessage,
  record: RequestRecord,
  name: string,
): Promise<Buffer> {
  const backend = await context.config.awaitBackend(name);
  // A client that left while we waited has ended its record; nobody hears the answer then.
  const isUnderWay = context.registry.get(message.headers.get(headers.internalRequestId)!) === record;
  if (backend !== undefined && isUnderWay) return bindAttempt(context, message, record, backend);
  // What an earlier attempt learned must not be told of this answer.
  record.attempt?.supersede();
  record.attempt = undefined;
  const text = `backend ${name} is not in the configuration of this gateway yet, try again in a moment`;
  const error = { status: 503, type: 'ServiceUnavailable', message: text };
  const reply = errorReply(record.endpoint.dialect, error, 'aigw_unknown_backend');
  record.span?.fail(reply.status, reply.body);
  return encodeLocalReply(reply, named(name));
}

/** Metadata of an answer to an attempt that has no backend. */
const named = (backendName: string): DynamicMetadata => new Map([[metadataKeys.backendName, backendName]]);

/** Only what the router phase left alone has no id: a CORS preflight that no filter answered. */
function refuseUnadmitted(message: HeadersMessage): Buffer {
  const method = message.headers.get(':method') ?? '';
  if (method === 'OPTIONS') return encodeLocalReply(methodNotAllowedReply('openai', method, 'POST'));
  throw new GrpcError(grpcStatus.internal, 'missing internal request ID header from router filter');
}

/** The router stream of this request is over, or it met another process (extproc.md X33). */
function refuseUnknownRequest(context: ProcessorContext, name: string): Buffer {
  context.gatewayMetrics.sessionLost();
  context.logger.error({ backend: name }, 'no router stream for an upstream stream: do both reach the same process?');
  const message = 'the gateway lost the session of this request, try again';
  const error = { status: 503, type: 'ServiceUnavailable', message };
  return encodeLocalReply(errorReply('openai', error, 'aigw_lost_session'), named(name));
}
