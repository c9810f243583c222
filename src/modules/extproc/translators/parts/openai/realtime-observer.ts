import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { memberRanges, readJson, readString } from '../../../codec/json-scan.js';
import { counterOf, membersOf, parseMediaUsage, scanLeniently } from '../../../codec/usage.js';
import { WebSocketFrames } from '../../../codec/websocket-frames.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';

/** One of them is in every event that tells something; most events are audio. */
const TELLING_KEYS = ['"usage"', '"session"'].map((key) => Buffer.from(key));

/**
 * Meters a realtime session by what the server says on its WebSocket. Each response reports tokens of its own, and so does
 * each transcript of what the user said where its model counts tokens: the usage of the session is their sum. Any cut of the
 * same bytes gives the same facts.
 * @see https://platform.openai.com/docs/api-reference/realtime-server-events (`response.done`, `session.created`)
 */
export class RealtimeObserver implements ResponseObserver {
  readonly #frames = new WebSocketFrames(
    (message) => this.#onEvent(message),
    () => {
      this.#hasUnread = true;
    },
  );
  #hasUnread = false;
  #usage: TokenUsage | undefined;
  #model: string | undefined;

  push(chunk: Uint8Array): void {
    this.#frames.push(chunk);
  }

  /** What a session is worth is known with each event; its end adds nothing. */
  end(): void {}

  /** `usage` is another object whenever more was reported. */
  get facts(): ResponseFacts {
    return { ...(this.#usage ? { usage: this.#usage } : {}), ...(this.#model ? { model: this.#model } : {}) };
  }

  /** The server said goodbye. */
  get isUsageFinal(): boolean {
    return this.#frames.state === 'closed';
  }

  /** The server sends something else than frames: nothing that follows can be metered. */
  get hasError(): boolean {
    return this.#frames.state === 'broken';
  }

  get hasUnread(): boolean {
    return this.#hasUnread;
  }

  #onEvent(event: Buffer): void {
    if (!TELLING_KEYS.some((key) => event.includes(key))) return;
    const members = scanLeniently(event, ['type', 'response', 'session', 'usage']);
    const type = members?.get('type')?.at(-1);
    if (members === undefined || type === undefined) return;
    const memberOf = (name: string, inner: string) => {
      const outer = members.get(name)?.at(-1);
      return outer && memberRanges(event, outer, [inner]).get(inner)?.at(-1);
    };
    switch (readString(event, type)) {
      case 'session.created':
      case 'session.updated': {
        const model = memberOf('session', 'model');
        this.#model = (model && readString(event, model)) || this.#model;
        return;
      }
      case 'response.done': {
        const usage = memberOf('response', 'usage');
        if (usage) this.#add(readJson(event, usage));
        return;
      }
      case 'conversation.item.input_audio_transcription.completed': {
        const usage = members.get('usage')?.at(-1);
        if (usage) this.#add(readJson(event, usage));
        return;
      }
      default:
    }
  }

  #add(reported: unknown): void {
    const cached = counterOf(membersOf(membersOf(reported)['input_token_details'])['cached_tokens']);
    const usage = { ...parseMediaUsage(reported), ...(cached === undefined ? {} : { cachedInputTokens: cached }) };
    if (Object.keys(usage).length > 0) this.#usage = sum(this.#usage ?? {}, usage);
  }
}

/** Member by member; above 2^53-1 that number, as everywhere. */
function sum(before: TokenUsage, more: TokenUsage): TokenUsage {
  const added = Object.entries(more).map(([name, tokens]) => {
    const total = (before[name as keyof TokenUsage] ?? 0) + tokens;
    return [name, Math.min(total, Number.MAX_SAFE_INTEGER)] as const;
  });
  return { ...before, ...Object.fromEntries(added) };
}
