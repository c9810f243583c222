import { headers, metadataKeys } from '../../../shared/headers.js';
import { UserFacingError } from '../../../shared/errors.js';
import { GrpcError, grpcStatus } from '../../../platform/grpc/status.js';
import { foreignCredentials } from '../backend-auth/foreign-credentials.js';
import type { HeaderSet } from '../header-set.js';
import { applyBodyMutation } from '../mutation/body-mutation.js';
import { isProtectedHeader } from '../mutation/header-mutation.js';
import { restoreHeaders, type HeaderRestore } from '../mutation/header-restore.js';
import type { ProcessorContext } from '../processor-context.js';
import type { RuntimeBackend } from '../runtime-config/runtime-config.js';
import type { Exchange } from '../translators/translator.js';
import { MATRIX } from '../translators/matrix.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeAnswer, encodeLocalReply, type DynamicMetadata } from '../wire/processing-response.js';
import { Attempt } from './attempt.js';
import { authDomainOf, backendNameOf, routeNameOf, upstreamHostOf } from './attributes.js';
import type { LocalError } from './error-dialect.js';
import { LocalHeaders } from './local-headers.js';
import { errorReply, methodNotAllowedReply } from './local-reply.js';
import type { RequestRecord } from './request-record.js';

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
  if (backend === undefined) return afterReload(context, message, record, name);
  return bindAttempt(context, message, record, backend);
}

function bindAttempt(
  context: ProcessorContext,
  message: HeadersMessage,
  record: RequestRecord,
  backend: RuntimeBackend,
): Buffer {
  const found = message.attributes!;

  const local = localHeaders(record, message);
  local.set(headers.upstreamHost, upstreamHostOf(found));
  record.attempt?.supersede();
  record.attemptCount += 1;
  const request = {
    operation: record.endpoint.operation,
    originalModel: record.parsed?.model,
    costs: record.config.costs,
  };
  const attempt = new Attempt(context, request, backend, routeNameOf(found) ?? '', local);
  record.attempt = attempt;
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

interface AttemptInput {
  readonly context: ProcessorContext;
  readonly message: HeadersMessage;
  readonly record: RequestRecord;
  readonly backend: RuntimeBackend;
  readonly attempt: Attempt;
  readonly local: LocalHeaders;
}

function prepare(input: AttemptInput): Buffer {
  const { message, record, backend, attempt } = input;
  if (record.parsed === undefined) {
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
  const translator = MATRIX[record.endpoint.name][backend.schema.name];
  if (translator === undefined) {
    const reason = `${record.endpoint.path} is not supported by backends of schema ${backend.schema.name} (backend ${backend.shortName})`;
    return refuse(input, { status: 400, type: 'UnsupportedEndpoint', message: reason }, 'aigw_unsupported_endpoint');
  }
  try {
    attempt.exchange = translator.start({
      request: record.parsed,
      requestModel: attempt.requestModel,
      hasModelOverride: backend.modelNameOverride !== '',
      schema: backend.schema,
    });
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return refuse(input, { status: 422, type: 'UnprocessableEntity', message: error.message }, 'aigw_unprocessable');
  }
  return send(input, attempt.exchange, record.parsed.body);
}

function send(input: AttemptInput, exchange: Exchange, clientBody: Uint8Array): Buffer {
  const { context, record, backend, local, message } = input;
  const isForced = record.attemptCount > 1 || record.parsed!.isRewritten;
  const translated: HeaderSet[] = [{ name: ':path', value: exchange.request.path }, ...exchange.request.sets];
  for (const set of translated) local.set(set.name, set.value);

  const userSets = backend.headerMutation?.sets ?? [];
  const userRemoves = (backend.headerMutation?.removes ?? []).filter((name) => message.headers.has(name));
  for (const set of userSets) local.set(set.name, set.value);
  const outcome = backend.auth?.apply({
    headers: local,
    metadata: (namespace, key) => message.metadata.get(namespace, key),
  });
  if (outcome?.kind === 'missing-credential') {
    return refuse(
      input,
      { status: 401, type: 'Unauthorized', message: 'missing upstream credential' },
      'aigw_missing_credential',
    );
  }
  const auth = outcome?.sets ?? [];
  const foreign = [
    ...record.clientHeaders.namesWithPrefix(headers.gatewayCredentialPrefix),
    ...foreignCredentials(backend.auth, record.clientHeaders),
  ];
  const restored =
    record.attemptCount === 1
      ? NOTHING_RESTORED
      : restoreAfterEarlierAttempts(input, [...translated, ...auth], foreign);
  // Envoy removes first and sets then, in list order: later sets win (spec extproc.md 4.1).
  const sets = [...translated, ...userSets, ...restored.sets, ...auth];
  const removes = [...userRemoves, ...restored.removes, ...foreign, headers.upstreamHost];
  if (context.stripsInternalHeaders) removes.push(headers.model, headers.originalPath);
  record.edits.push({ sets, removes, withheld: backend.auth?.inputHeaders ?? [] });

  let body = exchange.request.body ?? (isForced || backend.bodyMutation ? clientBody : undefined);
  if (body && backend.bodyMutation) {
    body = applyBodyMutation(backend.bodyMutation, body, (reason) =>
      context.logger.error({ backend: backend.name, reason }, 'body mutation left out'),
    );
  }
  return encodeAnswer('request_headers', {
    sets,
    removes,
    metadata: requestMetadata(context, backend, local, body),
    ...(body ? { body, replacesBody: true } : {}),
  });
}

const NO_PLAN = { setNames: new Set<string>(), removeNames: new Set<string>() };
const NOTHING_RESTORED: HeaderRestore = { sets: [], removes: [] };

/** Envoy hands each attempt the headers as the one before left them. */
function restoreAfterEarlierAttempts(
  { record, backend, message }: AttemptInput,
  ownSets: readonly HeaderSet[],
  ownRemoves: readonly string[],
): HeaderRestore {
  return restoreHeaders({
    original: record.clientHeaders.toMap(),
    current: message.headers.toMap(),
    previous: {
      setNames: new Set(record.edits.flatMap(({ sets }) => sets.map((set) => set.name))),
      removedNames: new Set(record.edits.flatMap(({ removes }) => removes)),
    },
    plan: backend.headerMutation ?? NO_PLAN,
    attemptNames: new Set([
      ...ownSets.map((set) => set.name),
      ...ownRemoves,
      ...record.edits.flatMap(({ withheld }) => withheld),
    ]),
  });
}

/** @see spec extproc.md section 6, last table */
function requestMetadata(
  context: ProcessorContext,
  backend: RuntimeBackend,
  local: LocalHeaders,
  body: Uint8Array | undefined,
): DynamicMetadata {
  const metadata = new Map<string, string | number>();
  for (const [header, key] of context.logHeaderAttributes) {
    const value = local.get(header);
    if (value) metadata.set(key, value);
  }
  // The header mutation filter behind us makes the content-length header of it, which Envoy drops with a replaced body.
  if (body) metadata.set(metadataKeys.contentLength, body.length);
  metadata.set(metadataKeys.backendName, backend.name);
  return metadata;
}

/** Answers the client in place of the backend; its metadata still names the backend. */
function refuse(
  { context, record, backend, attempt, local }: AttemptInput,
  error: LocalError,
  details: string,
): Buffer {
  attempt.isAnsweredLocally = true;
  attempt.fail('_OTHER');
  const reply = errorReply(record.endpoint.dialect, error, details);
  return encodeLocalReply(reply, requestMetadata(context, backend, local, undefined));
}

/** xDS and configuration travel by different ways, so a backend may be new: look again after a reload (extproc.md X31). */
async function afterReload(
  context: ProcessorContext,
  message: HeadersMessage,
  record: RequestRecord,
  name: string,
): Promise<Buffer> {
  await context.config.requestReload();
  const backend = context.config.findBackend(name);
  if (backend !== undefined) return bindAttempt(context, message, record, backend);
  // What an earlier attempt learned must not be told of this answer.
  record.attempt?.supersede();
  record.attempt = undefined;
  const text = `backend ${name} is not in the configuration of this gateway yet, try again in a moment`;
  const error = { status: 503, type: 'ServiceUnavailable', message: text };
  return encodeLocalReply(errorReply(record.endpoint.dialect, error, 'aigw_unknown_backend'), named(name));
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
