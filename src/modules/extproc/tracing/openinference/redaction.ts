type Env = Readonly<Record<string, string | undefined>>;

/** Stands where something is hidden. */
export const REDACTED = '__REDACTED__';

/** What of requests and answers may be in spans. @see spec observability.md 4.4 */
export interface Redaction {
  readonly hidesInvocationParameters: boolean;
  readonly hidesInputs: boolean;
  readonly hidesOutputs: boolean;
  /** `llm.input_messages`; true when inputs are hidden. */
  readonly hidesInputMessages: boolean;
  readonly hidesOutputMessages: boolean;
  readonly hidesInputText: boolean;
  readonly hidesOutputText: boolean;
  readonly hidesInputImages: boolean;
  /** True when inputs are hidden. */
  readonly hidesPrompts: boolean;
  readonly hidesChoices: boolean;
  readonly hidesEmbeddingTexts: boolean;
  readonly hidesEmbeddingVectors: boolean;
  /** Of the whole URL, in bytes. */
  readonly base64ImageBytesMax: number;
}

const BASE64_IMAGE_BYTES_MAX = 32_000;

/** All content at once, ours: the variables of OpenInference leave `input.value` and `output.value`, or other parts. */
export const HIDE_CONTENT = 'AI_GATEWAY_TRACING_HIDE_CONTENT';

/** Never throws: a value that does not parse counts as its default. @see spec observability.md 4.4 and 12.2 row 4 */
export function redactionFrom(env: Env): Redaction {
  const hides = (name: string) => booleanOf(env[`OPENINFERENCE_HIDE_${name}`]);
  const hidesContent = booleanOf(env[HIDE_CONTENT]);
  const hidesInputs = hidesContent || hides('INPUTS');
  const hidesOutputs = hidesContent || hides('OUTPUTS');
  return {
    hidesInvocationParameters: hides('LLM_INVOCATION_PARAMETERS'),
    hidesInputs,
    hidesOutputs,
    hidesInputMessages: hidesInputs || hides('INPUT_MESSAGES'),
    hidesOutputMessages: hidesOutputs || hides('OUTPUT_MESSAGES'),
    hidesInputText: hides('INPUT_TEXT'),
    hidesOutputText: hides('OUTPUT_TEXT'),
    hidesInputImages: hides('INPUT_IMAGES'),
    hidesPrompts: hidesInputs || hides('PROMPTS'),
    hidesChoices: hidesOutputs || hides('CHOICES'),
    hidesEmbeddingTexts: hidesInputs || hides('EMBEDDINGS_TEXT'),
    hidesEmbeddingVectors: hidesOutputs || hides('EMBEDDINGS_VECTORS'),
    base64ImageBytesMax: integerOf(env['OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH']) ?? BASE64_IMAGE_BYTES_MAX,
  };
}

const TRUE_FORMS = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** The forms of false and all that is neither give the default, which is false. */
const booleanOf = (text: string | undefined): boolean => text !== undefined && TRUE_FORMS.has(text);

function integerOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

export const hiddenIf = (isHidden: boolean, text: string): string => (isHidden ? REDACTED : text);
