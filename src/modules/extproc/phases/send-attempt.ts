import { headers } from '../../../shared/headers.js';
import type { AuthOutcome } from '../backend-auth/backend-auth.js';
import { foreignCredentials, ownSubprotocols, SUBPROTOCOLS } from '../backend-auth/foreign-credentials.js';
import { isJsonType } from '../codec/media-type.js';
import type { ParsedRequest } from '../endpoints/endpoint.js';
import type { HeaderSet } from '../header-set.js';
import { applyBodyMutation } from '../mutation/body-mutation.js';
import { restoreHeaders, type HeaderRestore } from '../mutation/header-restore.js';
import type { Exchange } from '../translators/translator.js';
import { encodeAnswer } from '../wire/processing-response.js';
import { pathWithQuery } from './forwarded-query.js';
import { refuse, requestMetadata, type AttemptInput } from './attempt-input.js';
import type { LocalError } from './error-dialect.js';

/** A translated request on its way to its backend. */
interface Outgoing extends AttemptInput {
  /** Headers of the translator. */
  readonly translated: readonly HeaderSet[];
  /** Absent: the bytes that Envoy holds go on. */
  readonly body: Uint8Array | undefined;
}

/** Answers in a compressed form would only be decoded by us to be rewritten (extproc.md X7). */
const UNCOMPRESSED: HeaderSet = { name: 'accept-encoding', value: 'identity' };
/** What clients call their JSON is up to them; providers look closer. */
const JSON_BODY: HeaderSet = { name: 'content-type', value: 'application/json' };

/** What an attempt sends, but for what the route's mutations and the credentials add to it. */
export interface Draft {
  /** `:path` on the wire. */
  readonly path: string;
  readonly sets: readonly HeaderSet[];
  /** Absent: the bytes that Envoy holds go on. */
  readonly body: Uint8Array | undefined;
  /** The bytes that go upstream, for signatures; undefined when they pass unseen. */
  readonly signed: () => Uint8Array | undefined;
}

/** Sends a request whose body was read, as its cell made it. */
export function sendAttempt(input: AttemptInput, exchange: Exchange, request: ParsedRequest): Buffer | Promise<Buffer> {
  const { record, backend, local } = input;
  const sets = [...exchange.request.sets];
  if (exchange.kind === 'translating') {
    sets.push(UNCOMPRESSED);
    if (!isJsonType(local.get('content-type'))) sets.push(JSON_BODY);
  }
  const path = pathWithQuery(exchange, backend.schema.name, record.path);
  const body = outgoingBody(input, exchange, request);
  return sendDraft(input, { path, sets, body, signed: () => body ?? request.body });
}

/**
 * The answer that turns the client's request into the backend's: translator's edits, the route's mutations, what earlier
 * attempts took away, authentication over the final body, in this order. @see spec extproc.md section 6
 */
export function sendDraft(input: AttemptInput, { path, sets, body, signed }: Draft): Buffer | Promise<Buffer> {
  const { backend, local, message } = input;
  const translated: HeaderSet[] = [{ name: ':path', value: path }, ...sets];
  for (const set of translated) local.set(set.name, set.value);
  for (const set of backend.headerMutation?.sets ?? []) local.set(set.name, set.value);
  const outgoing = { ...input, translated, body };
  const outcome = backend.auth?.apply({
    headers: local,
    metadata: (namespace, key) => message.metadata.get(namespace, key),
    body: signed,
  });
  return outcome instanceof Promise ? outcome.then((found) => answer(outgoing, found)) : answer(outgoing, outcome);
}

function outgoingBody(
  { context, record, backend }: AttemptInput,
  exchange: Exchange,
  request: ParsedRequest,
): Uint8Array | undefined {
  // A form is no JSON: a mutation of it could only break it (extproc.md X26).
  const mutation = request.form === undefined ? backend.bodyMutation : undefined;
  const isForced = record.attemptCount > 1 || request.isRewritten;
  const body = exchange.request.body ?? (isForced || mutation ? request.body : undefined);
  if (!body || !mutation) return body;
  return applyBodyMutation(mutation, body, (reason) =>
    context.logger.error({ backend: backend.name, reason }, 'body mutation left out'),
  );
}

function answer(outgoing: Outgoing, outcome: AuthOutcome | undefined): Buffer {
  const { context, message, record, backend, translated, body } = outgoing;
  if (outcome && outcome.kind !== 'headers') return refuse(outgoing, ...credentialFailure(outcome));
  const auth = [...(outcome?.sets ?? [])];
  const path = auth.findLast(({ name }) => name === ':path') ?? translated[0]!;
  if (!path.value.startsWith('/')) {
    // Paths of Google Cloud lie below project and location, which only its credentials know.
    const reason = `backend ${backend.shortName} of schema ${backend.schema.name} needs a BackendSecurityPolicy of type GCPCredentials, which names project and region`;
    return refuse(outgoing, { status: 503, type: 'ServiceUnavailable', message: reason }, 'aigw_backend_unusable');
  }
  const subprotocols = ownSubprotocols(backend.auth, record.clientHeaders);
  if (subprotocols) auth.push({ name: SUBPROTOCOLS, value: subprotocols });
  const foreign = [
    ...record.clientHeaders.namesWithPrefix(headers.gatewayCredentialPrefix),
    ...foreignCredentials(backend.auth, record.clientHeaders),
    ...(subprotocols === '' ? [SUBPROTOCOLS] : []),
  ];
  const restored =
    record.attemptCount === 1
      ? NOTHING_RESTORED
      : restoreAfterEarlierAttempts(outgoing, [...translated, ...auth], foreign);
  // Envoy removes first and sets then, in list order: later sets win (spec extproc.md 4.1).
  const sets = [...translated, ...(backend.headerMutation?.sets ?? []), ...restored.sets, ...auth];
  const userRemoves = (backend.headerMutation?.removes ?? []).filter((name) => message.headers.has(name));
  const removes = [...userRemoves, ...restored.removes, ...foreign, headers.upstreamHost];
  if (context.stripsInternalHeaders) removes.push(headers.model, headers.originalPath);
  record.edits.push({ sets, removes, withheld: backend.auth?.inputHeaders ?? [] });
  return encodeAnswer('request_headers', {
    sets,
    removes,
    metadata: requestMetadata(outgoing, body),
    ...(body ? { body, replacesBody: true } : {}),
  });
}

type CredentialFailure = Exclude<AuthOutcome, { readonly kind: 'headers' }>;

/** Status and words of the answer to a request that cannot be authenticated. @see spec extproc.md 18.2 */
function credentialFailure(outcome: CredentialFailure): [LocalError, string] {
  switch (outcome.kind) {
    case 'missing-credential': {
      const message = 'missing upstream credential';
      return [{ status: 401, type: 'Unauthorized', message }, 'aigw_missing_credential'];
    }
    case 'incomplete-credential':
      return [{ status: 401, type: 'Unauthorized', message: outcome.message }, 'aigw_incomplete_credential'];
    case 'unavailable':
      return [{ status: 503, type: 'ServiceUnavailable', message: outcome.message }, 'aigw_credential_unavailable'];
  }
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
