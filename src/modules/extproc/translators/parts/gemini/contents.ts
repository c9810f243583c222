import { UserFacingError } from '../../../../../shared/errors.js';
import type { FunctionResponse, GeminiContent, GeminiPart } from './wire.js';

/** A call of the model, for its answer to find. */
export interface CallReference {
  readonly id: string;
  readonly name: string;
}

/**
 * Builds `contents` by Gemini's rules: adjacent turns of a role are one, none is empty, and a user turn begins with the
 * responses to the calls before it, in the order of the calls (Gemini matches them by name and order).
 * Parts are added one by one: as arguments of one call a client could send more than the stack holds.
 * @see spec translators.md 18.2.2 and G19
 */
export class ContentsBuilder {
  readonly #contents: GeminiContent[] = [];
  /** Of all calls so far; of a doubled id the last one counts. */
  readonly #calls = new Map<string, { readonly name: string; readonly order: number }>();
  #callCount = 0;
  #model: GeminiPart[] = [];
  #responses: { readonly order: number; readonly part: GeminiPart }[] = [];
  #user: GeminiPart[] = [];

  /** @param calls Those among the parts, in order */
  addModel(parts: readonly GeminiPart[], calls: readonly CallReference[] = []): void {
    if (parts.length === 0) return;
    this.#closeUser();
    for (const part of parts) this.#model.push(part);
    for (const { id, name } of calls) this.#calls.set(id, { name, order: this.#callCount++ });
  }

  addUser(parts: readonly GeminiPart[]): void {
    if (parts.length === 0) return;
    this.#closeModel();
    for (const part of parts) this.#user.push(part);
  }

  /**
   * @param path Of the answer in the client's body
   * @throws {UserFacingError} 422 when no call before has the id (translators.md G28)
   */
  addResponse(callId: string, path: string, response: Omit<FunctionResponse, 'name'>): void {
    this.#closeModel();
    const { order, name } = this.#callOf(callId, path);
    this.#responses.push({ order, part: { functionResponse: { name, ...response } } });
  }

  /** All turns; nothing may be added any more. */
  build(): readonly GeminiContent[] {
    this.#closeModel();
    this.#closeUser();
    return this.#contents;
  }

  #callOf(callId: string, path: string) {
    const call = this.#calls.get(callId);
    if (call) return call;
    throw new UserFacingError(
      `"${path}" must be the id of a tool call in an earlier assistant message, found an unknown one: send that message too`,
    );
  }

  #closeModel(): void {
    if (this.#model.length > 0) this.#contents.push({ role: 'model', parts: this.#model });
    this.#model = [];
  }

  #closeUser(): void {
    const responses = this.#responses.toSorted((one, other) => one.order - other.order).map(({ part }) => part);
    const parts = [...responses, ...this.#user];
    if (parts.length > 0) this.#contents.push({ role: 'user', parts });
    this.#responses = [];
    this.#user = [];
  }
}
