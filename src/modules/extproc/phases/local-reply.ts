import type { HeaderSet } from '../header-set.js';
import type { LocalReply } from '../wire/processing-response.js';
import { renderLocalError, type Dialect, type LocalError } from './error-dialect.js';

/** gRPC INVALID_ARGUMENT: what the reference gives for every local error. */
const GRPC_INVALID_ARGUMENT = 3;
const GRPC_NOT_FOUND = 5;

/** `details` becomes `%RESPONSE_CODE_DETAILS%` in access logs: one constant word per cause. */
export function errorReply(
  dialect: Dialect,
  error: LocalError,
  details: string,
  more: readonly HeaderSet[] = [],
): LocalReply {
  const body = renderLocalError(dialect, error);
  return {
    status: error.status,
    sets: [...jsonHeaders(body), ...more],
    body,
    grpcStatus: GRPC_INVALID_ARGUMENT,
    details,
  };
}

/** @see spec extproc.md section 13 */
export function modelsReply(body: Uint8Array): LocalReply {
  return { status: 200, sets: jsonHeaders(body), body, grpcStatus: 0, details: 'aigw_models' };
}

/** As OpenAI and Anthropic answer for a model that they do not have, or that is not for this client to see. */
export function unknownModelReply(dialect: Dialect, model: string): LocalReply {
  const message = `the model "${model}" does not exist, or is not offered on this host`;
  return errorReply(dialect, { status: 404, type: 'NotFound', message }, 'aigw_unknown_model');
}

/** @see spec extproc.md 4.2 point 7 */
export function unsupportedPathReply(path: string): LocalReply {
  const body = Buffer.from(`unsupported path: ${path}`);
  const sets = [
    { name: 'content-type', value: 'text/plain' },
    { name: 'content-length', value: String(body.length) },
  ];
  return { status: 404, sets, body, grpcStatus: GRPC_NOT_FOUND, details: 'aigw_unsupported_path' };
}

export function methodNotAllowedReply(dialect: Dialect, method: string, allow: string): LocalReply {
  const message = `method ${method} is not allowed here, use ${allow}`;
  const error = { status: 405, type: 'MethodNotAllowed', message };
  return errorReply(dialect, error, 'aigw_method_not_allowed', [{ name: 'allow', value: allow }]);
}

/** Envoy lets no `upgrade` header through on a reply, which 426 would need (RFC 9110, 15.5.22). */
export function upgradeRequiredReply(dialect: Dialect, path: string): LocalReply {
  const message = `malformed request: ${path} opens a WebSocket, send "Upgrade: websocket" with HTTP/1.1`;
  return errorReply(dialect, { status: 400, type: 'BadRequest', message }, 'aigw_upgrade_required');
}

/** The body of such a request never ends: it cannot be read. */
export function unexpectedUpgradeReply(dialect: Dialect): LocalReply {
  const message = 'malformed request: no WebSocket can be opened here, leave the header "Upgrade" out';
  return errorReply(dialect, { status: 400, type: 'BadRequest', message }, 'aigw_unexpected_upgrade');
}

export function noConfigurationReply(dialect: Dialect): LocalReply {
  const message = 'the gateway has no configuration yet, try again in a moment';
  return errorReply(dialect, { status: 503, type: 'ServiceUnavailable', message }, 'aigw_no_configuration');
}

function jsonHeaders(body: Uint8Array): HeaderSet[] {
  return [
    { name: 'content-type', value: 'application/json' },
    { name: 'content-length', value: String(body.length) },
  ];
}
