import type { Attributes } from '@opentelemetry/api';
import type { SpanEvent, TracedFailure } from '../span-convention.js';
import { attributeKeys } from './attribute-keys.js';
import type { Redaction } from './redaction.js';

/** What the SDK of OpenAI throws for a status. @see spec observability.md 4.3, errors */
const TYPES_BY_STATUS: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequestError'],
  [401, 'AuthenticationError'],
  [403, 'PermissionDeniedError'],
  [404, 'NotFoundError'],
  [429, 'RateLimitError'],
  [500, 'InternalServerError'],
  [502, 'InternalServerError'],
  [503, 'InternalServerError'],
]);
const OTHER_TYPE = 'Error';

/** Failures that no status tells of are ours. @see spec observability.md 12.1, rows 1 and 23 */
const WITHOUT_STATUS = {
  cancelled: { type: 'ClientDisconnected', text: 'The connection was closed before the end of the answer' },
  'error-event': { type: OTHER_TYPE, text: 'Error in the stream' },
  internal: { type: 'InternalServerError', text: 'Internal error of the gateway' },
} as const;

export interface RecordedFailure {
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly description: string;
}

/** An `exception` event, and the status with the same text. The body is output. @see spec observability.md 12.2 row 3 */
export function recordFailure({ status, body, reason }: TracedFailure, { hidesOutputs }: Redaction): RecordedFailure {
  const { type, text } =
    status === undefined
      ? WITHOUT_STATUS[reason ?? 'internal']
      : { type: TYPES_BY_STATUS.get(status) ?? OTHER_TYPE, text: `Error code: ${status}` };
  const description = body === '' || hidesOutputs ? text : `${text} - ${body}`;
  const attributes = { [attributeKeys.exceptionType]: type, [attributeKeys.exceptionMessage]: description };
  return { attributes: {}, events: [{ name: 'exception', attributes }], description };
}
