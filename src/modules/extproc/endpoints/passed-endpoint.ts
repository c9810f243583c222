import type { SchemaConfig, SchemaName } from '../../../shared/filter-config/filter-config.js';
import { headers } from '../../../shared/headers.js';
import type { ByteRange } from '../codec/json-scan.js';
import type { HeaderSet } from '../header-set.js';
import type { Dialect } from '../phases/error-dialect.js';
import type { ResponseObserver } from '../translators/translator.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import type { Endpoint } from './endpoint.js';

/** Endpoints whose requests are routed by their head: Envoy passes bodies on, both ways, without showing them to us. */
export const PASSED_ENDPOINT_NAMES = [
  'stored-responses',
  'files',
  'batches',
  'message-batches',
  'managed-agents',
  'realtime',
] as const;
export type PassedEndpointName = (typeof PASSED_ENDPOINT_NAMES)[number];

/** One endpoint of this kind, with all its paths. @see spec translators.md G33 */
export interface PassedEndpoint {
  readonly name: PassedEndpointName;
  readonly vendor: Endpoint['vendor'];
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  readonly dialect: Dialect;
  readonly paths: readonly PassedPath[];
  /**
   * True when the provider keeps what is made here under the account of the backend, which all clients of the gateway share:
   * only routes that allow it serve it.
   */
  readonly isKeptByProvider: boolean;
  /** Lower-case query parameter that names something kept, where the endpoint as such keeps nothing; the same rule holds for it. */
  readonly keptByQuery?: string;
  /** By schema; a schema that is not here does not have the endpoint. */
  readonly cells: Readonly<Partial<Record<SchemaName, PassedCell>>>;
  /** Present: requests open WebSocket sessions, and others are refused. Makes what meters the frames of the provider. */
  readonly observeSession?: () => ResponseObserver;
}

export interface PassedPath {
  /** Below the vendor prefix, begins with `/v1/`. `{id}` stands for one plain segment. */
  readonly path: string;
  /** Whatever else comes gets 405. */
  readonly methods: readonly string[];
  /** For POST: reads a body to find the model that the head does not name. Absent: the head has to. */
  readonly modelOfBody?: ModelOfBody;
  /** Good JSON answers are held, and rewritten when they are whole. Absent: answers pass unseen. */
  readonly rewrite?: AnswerRewrite;
}

/** Gives what the client gets; `urlOf` makes the client's address of a path below the vendor prefix, with its model. */
export type AnswerRewrite = (answer: Uint8Array, urlOf: (path: string) => string) => Uint8Array;

/** @throws {UserFacingError} when the body does not name exactly one model */
export type ModelOfBody = (path: string, body: Uint8Array) => BodyModel;

export interface BodyModel {
  readonly model: string;
  /** Where its values lie, all occurrences, in ascending order. */
  readonly modelRanges: readonly ByteRange[];
}

/** What a cell makes the provider's path of. */
export interface PassedCall {
  /** Path below `/v1/` without query; its ids are plain: they need no escaping and lead nowhere else. */
  readonly operation: string;
  /** Override of the chosen backend, else the client's model. */
  readonly requestModel: string;
  readonly schema: SchemaConfig;
  /** The client's headers. */
  readonly headers: HeaderLookup;
  /** The client's query. */
  readonly query: URLSearchParams;
}

export interface PassedRequest {
  /** `:path` on the wire; the client's query goes behind it, without `model` and credentials. */
  readonly path: string;
  readonly sets?: readonly HeaderSet[];
}

/** What to do when nothing tells to which backend a request belongs. */
export const namingTheModel = `name the model whose backend serves this: add ?model=<model> to the path, or the header ${headers.routingModel}`;

/** One cell of the endpoint × schema table of passed endpoints. */
export type PassedCell = (call: PassedCall) => PassedRequest;
