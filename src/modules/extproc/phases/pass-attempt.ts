import { PROVIDER_RESOURCES_ANNOTATION } from '../../../shared/filter-config/filter-config.js';
import { pathWithoutQuery } from '../endpoints/endpoint-table.js';
import { splice } from '../codec/json-splice.js';
import type { PassedEndpoint } from '../endpoints/passed-endpoint.js';
import { anthropicErrorType, passedError } from '../translators/parts/messages/anthropic-error.js';
import { openAIError } from '../translators/parts/openai/passthrough.js';
import type { PassingExchange } from '../translators/translator.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import { refuse, refuseUnsupported, type AttemptInput } from './attempt-input.js';
import { hasParameter, passedPathWithQuery } from './forwarded-query.js';
import type { Passage, RequestRecord } from './request-record.js';
import { sendDraft } from './send-attempt.js';

/** The client's own path below `/v1/`. */
const VERSION_PREFIX = '/v1/';
const NO_BODY = new Uint8Array();

/**
 * Turns the head of a request into what the chosen backend takes; what Envoy passes on behind it is left alone, its length
 * too. @see spec translators.md G33
 */
export function passAttempt(input: AttemptInput, passage: Passage): Buffer | Promise<Buffer> {
  const { record, backend, attempt } = input;
  const { endpoint } = passage;
  const cell = endpoint.cells[backend.schema.name];
  if (cell === undefined) return refuseUnsupported(input, passage.path);
  if (backend.providerResources !== 'allow' && asksForKept(endpoint, record.path)) {
    const parameter = endpoint.isKeptByProvider ? '' : `?${endpoint.keptByQuery}=`;
    const message = `route ${attempt.routeName} does not serve ${passage.path}${parameter}: what a provider keeps can be read and deleted by all clients of the gateway; the annotation ${PROVIDER_RESOURCES_ANNOTATION}: allow on the AIGatewayRoute allows that`;
    return refuse(input, { status: 403, type: 'Forbidden', message }, 'aigw_provider_resources');
  }
  const { schema } = backend;
  const request = cell({
    operation: passage.path.slice(VERSION_PREFIX.length),
    requestModel: attempt.requestModel,
    schema,
    headers: record.clientHeaders,
    query: new URLSearchParams(record.path.slice(pathWithoutQuery(record.path).length)),
  });
  const passing = passingExchange(record, passage, request.path);
  const observe = endpoint.observeSession;
  attempt.exchange = observe ? { ...passing, kind: 'observing', observe } : passing;
  const body = outgoingBody(input, passage);
  return sendDraft(input, {
    path: passedPathWithQuery(request.path, record.path),
    sets: request.sets ?? [],
    body,
    signed: () => (passage.hasBody ? (body ?? passage.content?.body) : NO_BODY),
  });
}

const asksForKept = ({ isKeptByProvider, keptByQuery }: PassedEndpoint, clientPath: string): boolean =>
  isKeptByProvider || (keptByQuery !== undefined && hasParameter(clientPath, keptByQuery));

/** A body that was read for its model names the backend's in its place; from the second attempt on it is sent anew. */
function outgoingBody({ record, backend, attempt }: AttemptInput, { content }: Passage): Uint8Array | undefined {
  if (content === undefined) return undefined;
  if (backend.modelNameOverride === '' || attempt.requestModel === content.model) {
    return record.attemptCount > 1 ? content.body : undefined;
  }
  const replacement = Buffer.from(JSON.stringify(attempt.requestModel));
  return splice(
    content.body,
    content.modelRanges.map((range) => ({ ...range, replacement })),
  );
}

const passingExchange = (
  { clientHeaders }: RequestRecord,
  { endpoint: { dialect }, path: ownPath, model, rewrite }: Passage,
  path: string,
): PassingExchange => ({
  kind: 'passing',
  request: { path, sets: [], dropped: [] },
  fallbackModel: undefined,
  ...(rewrite && { rewrite: (answer) => rewrite(answer, urlsLike(clientHeaders, ownPath, model ?? '')) }),
  error: (head, body) =>
    dialect === 'anthropic' ? passedError(head, body, anthropicErrorType) : openAIError(head, body),
});

/** Makes addresses of the gateway as the client sees it: as its request came, with another path below the vendor prefix. */
function urlsLike(clientHeaders: HeaderLookup, path: string, model: string): (path: string) => string {
  const scheme = clientHeaders.get('x-forwarded-proto') ?? clientHeaders.get(':scheme') ?? 'https';
  const prefix = pathWithoutQuery(clientHeaders.get(':path') ?? '').slice(0, -path.length);
  const root = `${scheme}://${clientHeaders.get(':authority') ?? ''}${prefix}`;
  return (other) => `${root}${other}?model=${encodeURIComponent(model)}`;
}
