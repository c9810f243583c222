import { JsonProgress } from '../../../codec/json-progress.js';
import { UpstreamAnswerError } from '../../translator.js';
import type { MessageStreamWriter } from './message-stream-writer.js';

/** As much as may wait behind a call, in characters. */
export const WAITING_CHARACTERS_MAX = 8 << 20;

/** A call of a tool whose arguments come in pieces. */
export class StreamedCall {
  readonly arguments = new JsonProgress();
  /** Arguments that came while the call had to wait. */
  waitingText = '';
  state: 'waiting' | 'open' | 'ended' = 'waiting';

  constructor(
    readonly index: number,
    readonly id: string,
    readonly name: string,
  ) {}
}

/**
 * Writes the pieces of a chat answer in an order that a message can have, where blocks do not interleave: what comes while
 * the arguments of a call are not whole yet, e.g. another call, or blanks of a model's template, waits behind that call.
 */
export class ChatBlockOrder {
  readonly #writer: MessageStreamWriter;
  #open: StreamedCall | undefined;
  #waiting: (() => void)[] = [];
  #waitingCharacters = 0;

  constructor(writer: MessageStreamWriter) {
    this.#writer = writer;
  }

  /** @param write Writes text, thinking or anything else that is no call @param characters How much it writes */
  other(characters: number, write: () => void): void {
    this.#inTurn(characters, () => {
      this.#endCall();
      write();
    });
  }

  begin(call: StreamedCall): void {
    this.#inTurn(call.name.length + call.id.length, () => {
      this.#endCall();
      this.#open = call;
      call.state = 'open';
      this.#writer.toolUse(call.id, call.name);
      this.#writer.toolInput(call.waitingText);
    });
  }

  /** @throws {UpstreamAnswerError} when the call has ended */
  goOn(call: StreamedCall, text: string): void {
    call.arguments.push(text);
    switch (call.state) {
      case 'open':
        this.#writer.toolInput(text);
        this.#release();
        break;
      case 'waiting':
        this.#count(text.length);
        call.waitingText += text;
        break;
      case 'ended':
        if (text.trim() === '') return;
        throw new UpstreamAnswerError(`a chunk goes on with tool call ${call.index}, which has ended`);
    }
  }

  /** Nothing more comes: writes what waits, whole or not. */
  end(): void {
    for (const act of this.#waiting.splice(0)) act();
  }

  get #isSettled(): boolean {
    return this.#open === undefined || this.#open.arguments.isWhole;
  }

  #inTurn(characters: number, act: () => void): void {
    if (this.#waiting.length === 0 && this.#isSettled) {
      act();
      return;
    }
    this.#count(characters);
    this.#waiting.push(act);
  }

  #release(): void {
    while (this.#waiting.length > 0 && this.#isSettled) this.#waiting.shift()!();
  }

  #endCall(): void {
    if (this.#open) this.#open.state = 'ended';
    this.#open = undefined;
  }

  #count(characters: number): void {
    this.#waitingCharacters += characters;
    if (this.#waitingCharacters <= WAITING_CHARACTERS_MAX) return;
    throw new UpstreamAnswerError(`more than ${WAITING_CHARACTERS_MAX} characters wait for the end of a tool call`);
  }
}
