/** The API family that a client speaks; decides how our own errors look. */
export type Dialect = 'openai' | 'anthropic' | 'cohere';

/** Why the gateway answers itself. The `type` is the reference's word; clients of it match on that. */
export interface LocalError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** Anthropic's error types by status. @see https://docs.anthropic.com/en/api/errors */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};

/**
 * The body of an error in the client's dialect. OpenAI clients read `error.{message,type,code,param}`, Anthropic clients
 * `type` and `error.{type,message}`; `type: error` and `error.code` of the reference stay as a superset.
 * @see spec extproc.md section 14 and X9, X12
 */
export function renderLocalError(dialect: Dialect, error: LocalError): Buffer {
  const { status, type, message } = error;
  switch (dialect) {
    case 'openai':
      return json({ type: 'error', error: { type, code: String(status), message, param: null } });
    case 'anthropic':
      return json({
        type: 'error',
        error: { type: ANTHROPIC_TYPES[status] ?? 'api_error', code: String(status), message },
      });
    case 'cohere':
      return json({ type: 'error', message, error: { type, code: String(status), message } });
  }
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
