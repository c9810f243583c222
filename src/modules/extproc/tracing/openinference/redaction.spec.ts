import { describe, expect, it } from '@jest/globals';
import { HIDE_CONTENT, redactionFrom, type Redaction } from './redaction.js';

const SHOWN: Redaction = {
  hidesInvocationParameters: false,
  hidesInputs: false,
  hidesOutputs: false,
  hidesInputMessages: false,
  hidesOutputMessages: false,
  hidesInputText: false,
  hidesOutputText: false,
  hidesInputImages: false,
  hidesPrompts: false,
  hidesChoices: false,
  hidesEmbeddingTexts: false,
  hidesEmbeddingVectors: false,
  base64ImageBytesMax: 32_000,
};
const INPUTS = { hidesInputs: true, hidesInputMessages: true, hidesPrompts: true, hidesEmbeddingTexts: true };
const OUTPUTS = { hidesOutputs: true, hidesOutputMessages: true, hidesChoices: true, hidesEmbeddingVectors: true };

describe('redactionFrom', () => {
  it('shows everything when nothing is set', () => {
    expect(redactionFrom({})).toEqual(SHOWN);
  });

  it.each<{ name: string; hides: Partial<Redaction> }>([
    { name: 'OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS', hides: { hidesInvocationParameters: true } },
    { name: 'OPENINFERENCE_HIDE_INPUTS', hides: INPUTS },
    { name: 'OPENINFERENCE_HIDE_OUTPUTS', hides: OUTPUTS },
    { name: 'OPENINFERENCE_HIDE_INPUT_MESSAGES', hides: { hidesInputMessages: true } },
    { name: 'OPENINFERENCE_HIDE_OUTPUT_MESSAGES', hides: { hidesOutputMessages: true } },
    { name: 'OPENINFERENCE_HIDE_INPUT_TEXT', hides: { hidesInputText: true } },
    { name: 'OPENINFERENCE_HIDE_OUTPUT_TEXT', hides: { hidesOutputText: true } },
    { name: 'OPENINFERENCE_HIDE_INPUT_IMAGES', hides: { hidesInputImages: true } },
    { name: 'OPENINFERENCE_HIDE_PROMPTS', hides: { hidesPrompts: true } },
    { name: 'OPENINFERENCE_HIDE_CHOICES', hides: { hidesChoices: true } },
    { name: 'OPENINFERENCE_HIDE_EMBEDDINGS_TEXT', hides: { hidesEmbeddingTexts: true } },
    { name: 'OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS', hides: { hidesEmbeddingVectors: true } },
    { name: HIDE_CONTENT, hides: { ...INPUTS, ...OUTPUTS } },
  ])('hides what $name names', ({ name, hides }) => {
    expect(redactionFrom({ [name]: 'true' })).toEqual({ ...SHOWN, ...hides });
  });

  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('takes %j as true', (text) => {
    expect(redactionFrom({ OPENINFERENCE_HIDE_INPUT_TEXT: text }).hidesInputText).toBe(true);
  });

  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False', '', 'yes', 'on', ' true', 'true ', 'tRUE', '2', undefined])(
    'takes %j as false',
    (text) => {
      expect(redactionFrom({ OPENINFERENCE_HIDE_INPUT_TEXT: text }).hidesInputText).toBe(false);
    },
  );

  it.each([
    { text: '0', bytes: 0 },
    { text: '+7', bytes: 7 },
    { text: '-1', bytes: -1 },
    { text: '007', bytes: 7 },
    { text: '', bytes: 32_000 },
    { text: ' 7', bytes: 32_000 },
    { text: '7.5', bytes: 32_000 },
    { text: '1e3', bytes: 32_000 },
    { text: '0x10', bytes: 32_000 },
    { text: '99999999999999999999', bytes: 32_000 },
    { text: undefined, bytes: 32_000 },
  ])('limits images to $bytes bytes when the limit is $text', ({ text, bytes }) => {
    expect(redactionFrom({ OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH: text }).base64ImageBytesMax).toBe(bytes);
  });
});
