import { UserFacingError } from '../../../shared/errors.js';
import { headers } from '../../../shared/headers.js';
import type { FoundTarget, PathTarget } from '../endpoints/endpoint-table.js';
import { checkModel } from '../endpoints/json-request.js';
import { namingTheModel } from '../endpoints/passed-endpoint.js';
import type { HeaderSet } from '../header-set.js';
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
import { methodNotAllowedReply, noConfigurationReply, upgradeRequiredReply } from './local-reply.js';
import type { Passage, RequestRecord } from './request-record.js';

type PassedTarget = Extract<PathTarget, { readonly kind: 'passed' }>;

/**
 * Decides on the head of a request whose body passes unseen. Its model comes from the query parameter `model`, else from the
 * header `x-aigw-model`: Envoy is given the route at once, and shows us no body of either direction. Where the body may name
 * the model and the head does not, the body is asked for. @see spec translators.md G33
 */
export function admitPassed(
  context: ProcessorContext,
  message: HeadersMessage,
  { endpoint, path }: PassedTarget,
  found: Pick<FoundTarget, 'path'>,
): Admission {
  const { dialect } = endpoint;
  const method = message.headers.get(':method') ?? '';
  if (!path.methods.includes(method)) {
    return answered(context, methodNotAllowedReply(dialect, method, path.methods.join(', ')));
  }
  const opensSession = endpoint.observeSession !== undefined;
  if (opensSession && !isUpgrade(message)) return answered(context, upgradeRequiredReply(dialect, path.path));
  const config = context.config.current;
  if (config === undefined) return answered(context, noConfigurationReply(dialect));
  const model = modelOfHead(message);
  const hasBody = !message.endOfStream && !opensSession;
  const modelOfBody = method === 'POST' && hasBody && !model ? path.modelOfBody : undefined;
  try {
    if (modelOfBody === undefined) requireModel(path.path, model);
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return answered(context, badRequest(dialect, error.message));
  }
  const { rewrite } = path;
  const passage: Passage = {
    endpoint,
    path: found.path!,
    hasBody,
    modelOfBody,
    rewrite,
    model,
    content: undefined,
  };
  const seesAnswer = rewrite !== undefined || opensSession;
  const responseBodyMode = seesAnswer ? 'streamed' : 'none';
  const record = newRecord(message, { endpoint, config, passage });
  const id = register(context, record);
  if (typeof id !== 'string') return answered(context, id);
  const sets = [{ name: headers.internalRequestId, value: id }];
  if (modelOfBody !== undefined) {
    const removes = forgedHeaders(message, headers.internalRequestId);
    const frame = encodeAnswer('request_headers', { sets, removes, responseBodyMode });
    return { kind: 'admitted', id, record, frame };
  }
  const control = controlHeaders(record, model!);
  const names = [...sets, ...control].map(({ name }) => name);
  const frame = encodeAnswer('request_headers', {
    sets: [...sets, ...control],
    // What is compressed could not be metered.
    removes: [...forgedHeaders(message, ...names), ...(opensSession ? ['sec-websocket-extensions'] : [])],
    clearsRouteCache: true,
    responseBodyMode,
    requestBodyMode: 'none',
  });
  return { kind: 'routed', id, record, frame };
}

/** Reads the body of a request whose head names no model; the answer carries the control headers by which Envoy routes. */
export function routePassed(
  context: ProcessorContext,
  record: RequestRecord,
  passage: Passage,
  body: Buffer,
): { frame: Buffer; isRefused: boolean } {
  try {
    passage.content = { body, ...passage.modelOfBody!(passage.path, body) };
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    const requestId = record.clientHeaders.get(headers.requestId);
    context.logger.info({ request_id: requestId, reason: error.message }, 'request refused');
    return { frame: reject(context, badRequest(record.endpoint.dialect, error.message)), isRefused: true };
  }
  passage.model = passage.content.model;
  const sets = controlHeaders(record, passage.model);
  return { frame: encodeAnswer('request_body', { sets, clearsRouteCache: true }), isRefused: false };
}

function controlHeaders(record: RequestRecord, model: string): HeaderSet[] {
  return [
    { name: headers.model, value: model },
    { name: headers.originalPath, value: record.path },
    { name: headers.envoyOriginalPath, value: record.path },
  ];
}

/** Of a parameter that is there several times the first one counts; an empty one is none. */
function modelOfHead(message: HeadersMessage): string | undefined {
  const path = message.headers.get(':path') ?? '';
  const question = path.indexOf('?');
  const parameter = question === -1 ? null : new URLSearchParams(path.slice(question + 1)).get('model');
  return parameter || message.headers.get(headers.routingModel) || undefined;
}

/** @throws {UserFacingError} when there is none, or it cannot be a header */
function requireModel(path: string, model: string | undefined): void {
  if (model === undefined) {
    throw new UserFacingError(`malformed request: nothing tells which backend keeps this; ${namingTheModel}`);
  }
  checkModel(path, model);
}
