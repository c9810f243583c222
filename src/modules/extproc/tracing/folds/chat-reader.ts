import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import type { TextBudget } from './answer-fold.js';
import type { EventReader } from './stream-fold.js';

/** Choices, and calls of one choice; what comes beyond is left out. */
const CHOICES_MAX = 128;
const CALLS_MAX = 1000;

/** Members of a delta whose pieces are joined. */
const JOINED_MEMBERS = ['content', 'refusal', 'reasoning_content', 'reasoning'] as const;
/** Taken from the first chunk. */
const FIRST_MEMBERS = ['id', 'created', 'service_tier', 'system_fingerprint'] as const;

interface Call {
  readonly index: number;
  id: string;
  type: string;
  name: string;
  arguments: string;
}

interface Choice {
  readonly index: number;
  role: string;
  readonly texts: Map<(typeof JOINED_MEMBERS)[number], string>;
  readonly annotations: JsonValue[];
  readonly calls: Map<number, Call>;
  finishReason: string | undefined;
}

/**
 * Chunks of a chat completion as the completion. Its `object` stays that of the chunks, and a finish reason that nobody told
 * is `stop`, as in the spans that clients of the reference know; all choices and their tool calls are kept.
 * @see spec observability.md 4.5 and 12.1, rows 11 and 22
 */
export class ChatReader implements EventReader {
  readonly isComplete = false;
  #first: JsonObject | undefined;
  #model = '';
  readonly #choices = new Map<number, Choice>();
  #usage: JsonValue | undefined;
  #obfuscation: string | undefined;

  constructor(private readonly budget: TextBudget) {}

  onEvent(chunk: JsonObject): void {
    this.#first ??= Object.fromEntries(FIRST_MEMBERS.flatMap((name) => memberOf(chunk, name)));
    this.#model ||= stringOf(chunk['model']) ?? '';
    if (isJsonObject(chunk['usage'])) this.#usage = chunk['usage'];
    this.#obfuscation = stringOf(chunk['obfuscation']) ?? this.#obfuscation;
    for (const item of arrayOf(chunk['choices'])) this.#onChoice(objectOf(item));
  }

  answer(isCut: boolean): TracedAnswer | undefined {
    if (this.#first === undefined) return undefined;
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    const document: JsonObject = {
      ...this.#first,
      object: 'chat.completion.chunk',
      model: this.#model,
      choices: choices.map((choice) => choiceOf(choice, isCut)),
      ...(this.#usage !== undefined && { usage: this.#usage }),
      ...(this.#obfuscation !== undefined && { obfuscation: this.#obfuscation }),
    };
    return { kind: 'json', document, text: JSON.stringify(document) };
  }

  #onChoice(item: JsonObject): void {
    const choice = this.#choice(numberOf(item['index']) ?? 0);
    if (choice === undefined) return;
    choice.finishReason = stringOf(item['finish_reason']) ?? choice.finishReason;
    const delta = objectOf(item['delta']);
    choice.role = stringOf(delta['role']) || choice.role;
    for (const name of JOINED_MEMBERS) {
      const piece = stringOf(delta[name]);
      if (piece !== undefined) choice.texts.set(name, (choice.texts.get(name) ?? '') + this.budget.take(piece));
    }
    const annotations = arrayOf(delta['annotations']);
    if (annotations.length > 0 && this.budget.holds(annotations)) choice.annotations.push(...annotations);
    if (isJsonArray(delta['tool_calls'])) for (const call of delta['tool_calls']) this.#onCall(choice, objectOf(call));
  }

  #choice(index: number): Choice | undefined {
    const known = this.#choices.get(index);
    if (known !== undefined || this.#choices.size >= CHOICES_MAX) return known;
    const choice: Choice = {
      index,
      role: '',
      texts: new Map(),
      annotations: [],
      calls: new Map(),
      finishReason: undefined,
    };
    this.#choices.set(index, choice);
    return choice;
  }

  #onCall({ calls }: Choice, item: JsonObject): void {
    const index = numberOf(item['index']) ?? calls.size;
    let call = calls.get(index);
    if (call === undefined) {
      if (calls.size >= CALLS_MAX) return;
      call = { index, id: '', type: '', name: '', arguments: '' };
      calls.set(index, call);
    }
    const { name, arguments: piece } = objectOf(item['function']);
    call.id ||= this.budget.take(stringOf(item['id']) ?? '');
    call.type ||= this.budget.take(stringOf(item['type']) ?? '');
    call.name ||= this.budget.take(stringOf(name) ?? '');
    call.arguments += this.budget.take(stringOf(piece) ?? '');
  }
}

const memberOf = (value: JsonObject, name: string): [string, JsonValue][] => {
  const member = value[name];
  return member === undefined || member === null ? [] : [[name, member]];
};

function choiceOf({ index, role, texts, annotations, calls, finishReason }: Choice, isCut: boolean): JsonObject {
  const toolCalls = [...calls.values()].sort((a, b) => a.index - b.index);
  const message: JsonObject = {
    ...(role !== '' && { role }),
    ...Object.fromEntries(texts),
    ...(annotations.length > 0 && { annotations }),
    ...(toolCalls.length > 0 && {
      tool_calls: toolCalls.map((call) => ({
        id: call.id,
        type: call.type || 'function',
        function: { name: call.name, arguments: call.arguments },
      })),
    }),
  };
  const reason = finishReason ?? (isCut ? undefined : 'stop');
  return { index, message, ...(reason !== undefined && { finish_reason: reason }) };
}
