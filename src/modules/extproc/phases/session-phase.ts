import type { TokenUsage } from '../../../shared/token-usage.js';
import type { ProcessorContext } from '../processor-context.js';
import { WEBSOCKET_MESSAGE_BYTES_MAX } from '../codec/websocket-frames.js';
import type { ResponseObserver } from '../translators/translator.js';
import {
  emptyAnswer,
  encodeAnswer,
  encodeLocalReply,
  encodeTrailersAnswer,
  type DynamicMetadata,
} from '../wire/processing-response.js';
import type { Attempt } from './attempt.js';
import type { Dialect } from './error-dialect.js';
import { errorReply } from './local-reply.js';

/** The provider accepted an upgrade (RFC 9110, 15.2.2). */
export const SWITCHING_PROTOCOLS = 101;

/**
 * A WebSocket session: from the provider's 101 on, its bytes are frames for as long as both sides like. They go on as they
 * are; what the provider tells of usage is charged at once, in the answer that lets it through, so that no client gets
 * away with an answer that it was not charged for.
 *
 * Envoy 1.38.3 never tells that a session is over: the stream just ends, whoever left. It drops what it has not sent by
 * then, so that a provider that says goodbye and leaves at once is seen to leave only.
 */
export class SessionPhase {
  #usage: TokenUsage | undefined;
  #isCutOff = false;
  #hasToldOfUnread = false;

  constructor(
    private readonly context: Pick<ProcessorContext, 'logger'>,
    private readonly attempt: Attempt,
    private readonly dialect: Dialect,
    private readonly observer: ResponseObserver,
  ) {}

  onHeaders(): Buffer {
    return encodeAnswer('response_headers', { metadata: this.#metadata() });
  }

  onBody(bytes: Uint8Array): Buffer {
    if (this.#isCutOff) return emptyAnswer('response_body');
    this.observer.push(bytes);
    if (this.observer.hasError) return this.#cutOff();
    if (this.observer.hasUnread && !this.#hasToldOfUnread) this.#tellOfUnread();
    const { usage } = this.observer.facts;
    if (usage === this.#usage) return emptyAnswer('response_body');
    this.#usage = usage;
    return encodeAnswer('response_body', { metadata: this.#metadata() });
  }

  /** Frames have none; an Envoy that tells some all the same gets its answer. */
  onTrailers(): readonly Buffer[] {
    return [encodeTrailersAnswer(this.#metadata())];
  }

  /** The session is over: well so, if the provider said goodbye. */
  abort(): void {
    this.attempt.learn(this.observer.facts);
    if (this.observer.isUsageFinal) this.attempt.succeed('none');
    else this.attempt.fail('cancelled');
  }

  #tellOfUnread(): void {
    this.#hasToldOfUnread = true;
    const { backend } = this.attempt;
    this.context.logger.warn(
      { backend: backend.name, limitBytes: WEBSOCKET_MESSAGE_BYTES_MAX },
      'a message of a realtime session was too long to be metered',
    );
  }

  #metadata(): DynamicMetadata {
    this.attempt.learn(this.observer.facts);
    return this.attempt.responseMetadata('none');
  }

  /** What cannot be metered does not go on; no client of RFC 6455 could read it either. */
  #cutOff(): Buffer {
    this.#isCutOff = true;
    const { backend } = this.attempt;
    this.context.logger.warn({ backend: backend.name }, 'a provider sent something else than WebSocket frames');
    const metadata = new Map([...this.#metadata(), ...this.attempt.failureMetadata(SWITCHING_PROTOCOLS)]);
    this.attempt.fail('_OTHER');
    const message = `the provider behind backend ${backend.shortName} sent something else than WebSocket frames`;
    const error = { status: 502, type: 'BadGateway', message };
    return encodeLocalReply(errorReply(this.dialect, error, 'aigw_unusable_answer'), metadata);
  }
}
