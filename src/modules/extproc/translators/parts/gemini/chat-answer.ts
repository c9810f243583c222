import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { objectOf, type JsonValue } from '../../../codec/json-value.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import type { ChatEvent } from '../chat/chat-result.js';
import { mediaNote } from '../messages/media-note.js';
import { blockText, type AnswerPart, type Candidate, type GeminiAnswer } from './answer.js';
import { toAnnotations } from './annotations.js';
import { BLOCKED, toFinishReason } from './finish-reason.js';
import { toLogprobs } from './logprobs.js';
import { placeSignature, type SignaturePlace } from './signature.js';
import { TextTrimmer, type TextTrimming } from './text-trimmer.js';
import { UsageReader } from './usage.js';

/** Gemini makes at most 8. */
const CHOICES_MAX = 64;
/** Of one choice. */
const ANNOTATIONS_MAX = 10_000;
/** Thought text of one thinking block; of more the block has none. It was sent as reasoning in any case. */
const BLOCK_CHARACTERS_MAX = 1 << 20;

/** What is known of one candidate. */
interface Choice {
  readonly trimmer: TextTrimmer;
  /** Since the last thinking block. */
  thoughts: string;
  signatureCount: number;
  callCount: number;
  hasOutput: boolean;
  /** The last one counts: some models repeat STOP on every object of a stream. */
  finishReason: string | undefined;
  /** Last values of `safety_ratings` and `grounding_metadata`. */
  extras: Readonly<Record<string, JsonValue>>;
  /** By their text: objects of a stream may cite again what was cited before. */
  readonly annotations: Map<string, JsonValue>;
}

/**
 * A chat answer, from one object or from all objects of a stream, as chat events. Finish reasons, usage and what belongs to
 * the whole answer come with `close`: Gemini marks no last object. @see spec translators.md 5.8, "Response" and "Streaming"
 */
export class ChatAnswer {
  readonly #choices = new Map<number, Choice>();
  readonly #usage = new UsageReader();
  #isStarted = false;
  #isBlocked = false;

  constructor(
    private readonly trimming: TextTrimming,
    private readonly env: TranslatorEnv,
    private readonly emit: (event: ChatEvent) => void,
  ) {}

  get usage(): TokenUsage | undefined {
    return this.#usage.usage;
  }

  /** Something to show the client arrived: a candidate, or that the prompt was blocked. */
  get isBegun(): boolean {
    return this.#choices.size > 0 || this.#isBlocked;
  }

  /** Every candidate told why it ended, or ended with calls, which Gemini leaves without a reason at times. */
  get isComplete(): boolean {
    return (
      this.isBegun && [...this.#choices.values()].every((one) => one.finishReason !== undefined || one.callCount > 0)
    );
  }

  /** @throws {UpstreamAnswerError} when there are more candidates than any model makes */
  add(answer: GeminiAnswer): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.emit({ kind: 'start', ...(answer.id === undefined ? {} : { id: answer.id }) });
    }
    this.#usage.add(answer.usageMetadata);
    for (const candidate of answer.candidates) this.#addCandidate(candidate);
    if (answer.block === undefined) return;
    if (this.isBegun) {
      // What was said so far is out already.
      for (const choice of this.#choices.values()) choice.finishReason = BLOCKED;
      return;
    }
    this.#isBlocked = true;
    this.emit({ kind: 'refusal', choice: 0, text: blockText(answer.block) });
    if (answer.promptRatings) {
      this.emit({ kind: 'extras', choice: 0, extras: { safety_ratings: answer.promptRatings } });
    }
  }

  /** Emits what ends the answer, but `done`. */
  close(): void {
    for (const [index, choice] of [...this.#choices].toSorted(([one], [other]) => one - other)) {
      this.#closeChoice(index, choice);
    }
    if (this.#isBlocked) this.emit({ kind: 'finish', choice: 0, reason: 'content_filter' });
    const usage = this.usage;
    if (usage) this.emit({ kind: 'usage', usage });
  }

  #closeChoice(index: number, choice: Choice): void {
    if (!choice.hasOutput) this.emit({ kind: 'role', choice: index });
    const annotations = [...choice.annotations.values()];
    if (annotations.length > 0) this.emit({ kind: 'annotations', choice: index, annotations });
    if (Object.keys(choice.extras).length > 0) this.emit({ kind: 'extras', choice: index, extras: choice.extras });
    const reason = toFinishReason(choice.finishReason ?? 'STOP', choice.callCount > 0);
    this.emit({ kind: 'finish', choice: index, reason });
  }

  #addCandidate({ index, parts, finishReason, raw }: Candidate): void {
    // A late candidate does not make a blocked prompt unblocked.
    if (this.#isBlocked) return;
    const choice = this.#choiceAt(index);
    for (const part of parts) this.#addPart(part, index, choice);
    choice.finishReason = finishReason ?? choice.finishReason;
    const logprobs = toLogprobs(objectOf(raw['logprobsResult']));
    if (logprobs) this.emit({ kind: 'logprobs', choice: index, logprobs });
    const { safetyRatings, groundingMetadata } = raw;
    choice.extras = {
      ...choice.extras,
      ...(safetyRatings ? { safety_ratings: safetyRatings } : {}),
      ...(groundingMetadata ? { grounding_metadata: groundingMetadata } : {}),
    };
    for (const annotation of toAnnotations(raw['citationMetadata'])) {
      choice.annotations.set(JSON.stringify(annotation), annotation);
    }
    if (choice.annotations.size > ANNOTATIONS_MAX) {
      throw new UpstreamAnswerError(`expected at most ${ANNOTATIONS_MAX} citations`);
    }
  }

  #choiceAt(index: number): Choice {
    const known = this.#choices.get(index);
    if (known) return known;
    if (this.#choices.size >= CHOICES_MAX) {
      throw new UpstreamAnswerError(`expected at most ${CHOICES_MAX} candidates`);
    }
    const choice: Choice = {
      trimmer: new TextTrimmer(this.trimming),
      thoughts: '',
      signatureCount: 0,
      callCount: 0,
      hasOutput: false,
      finishReason: undefined,
      extras: {},
      annotations: new Map(),
    };
    this.#choices.set(index, choice);
    return choice;
  }

  #addPart(part: AnswerPart, index: number, choice: Choice): void {
    switch (part.kind) {
      case 'thought':
        if (part.text !== '') {
          choice.thoughts += choice.thoughts.length < BLOCK_CHARACTERS_MAX ? part.text : '';
          this.#emitOutput(choice, { kind: 'reasoning', choice: index, text: part.text });
        }
        this.#addSignature(part.signature, 'text', index, choice);
        break;
      case 'text':
        this.#addSignature(part.signature, 'text', index, choice);
        this.#addText(choice.trimmer.push(part.text), index, choice);
        break;
      case 'media':
        this.#addSignature(part.signature, 'text', index, choice);
        this.#addMedia(part.mimeType, part.data, index, choice);
        break;
      case 'call':
        this.#addSignature(part.signature, choice.callCount, index, choice);
        this.#emitOutput(choice, {
          kind: 'tool-call',
          choice: index,
          index: choice.callCount++,
          // Made up even when Gemini tells one: it needs to be unique in the whole conversation.
          id: this.env.newId('call_'),
          name: part.name,
          arguments: JSON.stringify(part.args),
        });
        break;
    }
  }

  #addText(text: string, index: number, choice: Choice): void {
    if (text !== '') this.#emitOutput(choice, { kind: 'text', choice: index, text });
  }

  #addMedia(mimeType: string, data: string, index: number, choice: Choice): void {
    if (!mimeType.startsWith('image/')) {
      this.#addText(mediaNote(mimeType), index, choice);
      return;
    }
    const image = { type: 'image_url', image_url: { url: `data:${mimeType};base64,${data}` } };
    this.#emitOutput(choice, { kind: 'images', choice: index, images: [image] });
  }

  /** Each signature is a thinking block of its own, with the thoughts that led to it (translators.md G48). */
  #addSignature(signature: string | undefined, place: SignaturePlace, index: number, choice: Choice): void {
    if (signature === undefined) return;
    const isPlain = choice.signatureCount === 0 && (place === 'text' || place === 0);
    const { thoughts } = choice;
    this.#emitOutput(choice, {
      kind: 'thinking-block',
      choice: index,
      block: {
        type: 'thinking',
        ...(thoughts === '' || thoughts.length > BLOCK_CHARACTERS_MAX ? {} : { thinking: thoughts }),
        signature: isPlain ? signature : placeSignature(signature, place),
      },
    });
    choice.signatureCount++;
    choice.thoughts = '';
  }

  #emitOutput(choice: Choice, event: ChatEvent): void {
    choice.hasOutput = true;
    this.emit(event);
  }
}
