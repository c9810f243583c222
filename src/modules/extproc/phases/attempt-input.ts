import { metadataKeys } from '../../../shared/headers.js';
import type { ProcessorContext } from '../processor-context.js';
import type { RuntimeBackend } from '../runtime-config/runtime-config.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { encodeLocalReply, type DynamicMetadata } from '../wire/processing-response.js';
import type { Attempt } from './attempt.js';
import type { LocalError } from './error-dialect.js';
import type { LocalHeaders } from './local-headers.js';
import { errorReply } from './local-reply.js';
import type { RequestRecord } from './request-record.js';
import { receiptText } from './translation-receipt.js';

/** What one attempt is made of. */
export interface AttemptInput {
  readonly context: ProcessorContext;
  readonly message: HeadersMessage;
  readonly record: RequestRecord;
  readonly backend: RuntimeBackend;
  readonly attempt: Attempt;
  readonly local: LocalHeaders;
}

/** Answers the client in place of the backend; its metadata still names the backend. */
export function refuse(
  { context, record, backend, attempt, local }: AttemptInput,
  error: LocalError,
  details: string,
): Buffer {
  attempt.isAnsweredLocally = true;
  attempt.fail('_OTHER');
  const reply = errorReply(record.endpoint.dialect, error, details);
  record.span?.fail(reply.status, reply.body);
  return encodeLocalReply(reply, requestMetadata({ context, record, backend, local, attempt }, undefined));
}

/** `path` is one of the endpoint, as the gateway has it. */
export function refuseUnsupported(input: AttemptInput, path: string): Buffer {
  const { schema, shortName } = input.backend;
  const message = `${path} is not supported by backends of schema ${schema.name} (backend ${shortName})`;
  return refuse(input, { status: 400, type: 'UnsupportedEndpoint', message }, 'aigw_unsupported_endpoint');
}

/** @see spec extproc.md section 6, last table */
export function requestMetadata(
  { context, record, backend, local, attempt }: Omit<AttemptInput, 'message'>,
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
  const dropped = receiptText(attempt.exchange?.request.dropped ?? []);
  if (dropped || record.hasReceipt) metadata.set(metadataKeys.translationDropped, dropped);
  return metadata;
}
