import { isUtf8 } from 'node:buffer';
import { fromBinary } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { HeaderMap, HeaderValue } from '../../gen/proto/envoy/config/core/v3/base_pb.js';
import {
  ProcessingRequestSchema,
  ProcessingResponseSchema,
  type BodyMutation,
  type CommonResponse,
  type HeaderMutation,
  type ImmediateResponse,
  type ProcessingRequest,
  type ProcessingResponse,
} from '../../gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import type { CallFactory, CallLogic, CallPeer } from '../../platform/grpc/call.js';
import { FRAME_PREFIX_BYTES } from '../../platform/grpc/message-frames.js';
import { redactHeaders } from '../../platform/logging/sensitive-headers.js';
import { FILTER_METADATA_HEADER, headers } from '../../shared/headers.js';
import { redactBody, redactText } from './redaction/redact-body.js';

/** Of a body that is shown as it is, so much; the rest is counted. */
const SHOWN_BYTES_MAX = 64 << 10;
/** Names that configurations set; beyond it only the answers that set them hide their values. */
const HIDDEN_NAMES_MAX = 1000;

export interface DebugLogOptions {
  readonly logger: Logger;
  /** Texts of bodies become their length and hash. */
  readonly redactsBodies: boolean;
  /** Lower-case names of the headers in which clients bring credentials now. */
  readonly credentialInputs: () => ReadonlySet<string>;
}

/**
 * Logs every message of a call and every answer to it at debug level, each read by the generated protobuf code: slow, and
 * independent of what is logged. Without debug level the factory comes back as it is, so that it costs nothing.
 * Sensitive headers are never shown, nor those in which the configuration lets clients bring credentials, nor the values that
 * `headerMutation` sets, which may come from a Secret. @see spec extproc.md section 19, X28
 */
export function withDebugLog(factory: CallFactory, options: DebugLogOptions): CallFactory {
  if (!options.logger.isLevelEnabled('debug')) return factory;
  const hiddenNames = new Set<string>();
  return (peer, metadata) => {
    const log = new CallLog(options, metadata[FILTER_METADATA_HEADER], hiddenNames);
    return log.around(factory(log.before(peer), metadata));
  };
}

/** The log of one call. A message that cannot be read is named so; the call goes on as if nobody looked. */
class CallLog {
  #logger: Logger;

  constructor(
    private readonly options: DebugLogOptions,
    private readonly filter: string | string[] | undefined,
    /** Headers that attempts have set, of all calls: the next attempt finds them on its request. */
    private readonly hiddenNames: Set<string>,
  ) {
    this.#logger = options.logger;
  }

  before(peer: CallPeer): CallPeer {
    return {
      send: (frame) => {
        this.#write('ext_proc answer', () =>
          this.#answerFields(fromBinary(ProcessingResponseSchema, frame.subarray(FRAME_PREFIX_BYTES))),
        );
        peer.send(frame);
      },
      end: (code, message) => {
        this.#logger.debug({ code, reason: message }, 'ext_proc stream ended by us');
        peer.end(code, message);
      },
    };
  }

  around(logic: CallLogic): CallLogic {
    return {
      ...(logic.staysOpenAfterHalfClose === undefined
        ? {}
        : { staysOpenAfterHalfClose: logic.staysOpenAfterHalfClose }),
      onMessage: (message) => {
        this.#write('ext_proc message', () => this.#messageFields(fromBinary(ProcessingRequestSchema, message)));
        return logic.onMessage(message);
      },
      onEnd: (end, cause) => logic.onEnd(end, cause),
    };
  }

  #write(text: string, fieldsOf: () => object): void {
    let fields: object;
    try {
      fields = fieldsOf();
    } catch {
      fields = { kind: 'unreadable' };
    }
    this.#logger.debug(fields, text);
  }

  #messageFields({ request, attributes }: ProcessingRequest): object {
    const kind = request.case ?? 'unknown';
    switch (request.case) {
      case 'requestHeaders': {
        const inputs = this.options.credentialInputs();
        const isHidden = (name: string) => this.hiddenNames.has(name) || inputs.has(name);
        const found = redactHeaders(headerPairs(request.value.headers), isHidden);
        const isUpstream = this.filter === undefined ? Object.keys(attributes).length > 0 : this.filter === 'upstream';
        this.#logger = this.options.logger.child({
          request_id: found[headers.requestId] ?? '',
          is_upstream_filter: isUpstream,
        });
        return { kind, headers: found, attributes, endOfStream: request.value.endOfStream };
      }
      case 'responseHeaders':
        return {
          kind,
          headers: redactHeaders(headerPairs(request.value.headers)),
          endOfStream: request.value.endOfStream,
        };
      case 'requestBody':
        return { kind, body: this.#body(request.value.body), endOfStream: request.value.endOfStream };
      case 'responseBody': {
        // A chunk of a stream is no JSON that could be redacted leaf by leaf.
        const body = this.options.redactsBodies ? redactText(request.value.body) : textOf(request.value.body);
        return { kind, body, endOfStream: request.value.endOfStream };
      }
      case 'requestTrailers':
      case 'responseTrailers':
        return { kind, trailers: redactHeaders(headerPairs(request.value.trailers)) };
      default:
        return { kind };
    }
  }

  #answerFields({ response, dynamicMetadata, modeOverride }: ProcessingResponse): object {
    const rest = {
      ...(dynamicMetadata && { metadata: dynamicMetadata }),
      ...(modeOverride && { responseBodyMode: modeOverride.responseBodyMode }),
    };
    const kind = response.case ?? 'unknown';
    switch (response.case) {
      case 'requestHeaders':
      case 'requestBody':
        this.#hideSets(response.value.response?.headerMutation);
        return { kind, ...this.#commonFields(response.value.response, (name) => !isShownRequestSet(name)), ...rest };
      case 'responseHeaders':
      case 'responseBody':
        return { kind, ...this.#commonFields(response.value.response), ...rest };
      case 'immediateResponse':
        return { kind, ...this.#localReplyFields(response.value), ...rest };
      default:
        return { kind, ...rest };
    }
  }

  #hideSets(mutation: HeaderMutation | undefined): void {
    for (const { header } of mutation?.setHeaders ?? []) {
      if (header === undefined || isShownRequestSet(header.key) || this.hiddenNames.size >= HIDDEN_NAMES_MAX) continue;
      this.hiddenNames.add(header.key);
    }
  }

  #commonFields(common: CommonResponse | undefined, isHidden?: (name: string) => boolean): object {
    if (common === undefined) return {};
    return {
      ...mutationFields(common.headerMutation, isHidden),
      ...this.#bodyMutationFields(common.bodyMutation),
      ...(common.clearRouteCache && { clearsRouteCache: true }),
    };
  }

  #bodyMutationFields(mutation: BodyMutation | undefined): object {
    const shown = (bytes: Uint8Array) => (this.options.redactsBodies ? redactText(bytes) : textOf(bytes));
    switch (mutation?.mutation.case) {
      case 'body':
        return { body: shown(mutation.mutation.value) };
      case 'streamedResponse':
        return { body: shown(mutation.mutation.value.body), endOfStream: mutation.mutation.value.endOfStream };
      default:
        return {};
    }
  }

  #localReplyFields(reply: ImmediateResponse): object {
    const { status, details, body } = reply;
    return { status: status?.code, details, ...mutationFields(reply.headers), body: this.#body(body) };
  }

  #body(body: Uint8Array): unknown {
    return this.options.redactsBodies ? redactBody(body) : textOf(body);
  }
}

/** Of the headers that we set on a request, those whose values are ours and no user's. */
const isShownRequestSet = (name: string) =>
  name === ':path' ||
  name === 'accept' ||
  name === headers.envoyOriginalPath ||
  name.startsWith(headers.ownPrefix) ||
  name.startsWith('content-');

function mutationFields(mutation: HeaderMutation | undefined, isHidden?: (name: string) => boolean): object {
  if (mutation === undefined) return {};
  const sets = mutation.setHeaders.flatMap(({ header }) => (header ? [pairOf(header)] : []));
  return { sets: redactHeaders(sets, isHidden), removes: mutation.removeHeaders };
}

const headerPairs = (map: HeaderMap | undefined) => (map?.headers ?? []).map(pairOf);

const pairOf = ({ key, value, rawValue }: HeaderValue) => [key, value || textOf(rawValue)] as const;

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) return `(${bytes.length} bytes that are no text)`;
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SHOWN_BYTES_MAX)).toString('utf8');
  return bytes.length > SHOWN_BYTES_MAX ? `${shown}… (${bytes.length} bytes)` : shown;
}
