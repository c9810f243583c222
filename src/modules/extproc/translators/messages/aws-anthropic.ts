import { AnthropicWholeObserver } from '../parts/anthropic/observe.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { errorTypesBy } from '../parts/messages/anthropic-error.js';
import { bedrockVersion } from '../parts/messages/anthropic-version.js';
import { awsAnthropicError } from '../parts/messages/aws-error.js';
import { bedrockBetas } from '../parts/messages/bedrock-betas.js';
import { ClaudeFrameStream } from '../parts/messages/claude-frames.js';
import { observedAnswer } from '../parts/messages/observed-answer.js';
import { editedBody } from '../parts/messages/raw-edits.js';
import type { ResponseHead, Translator, TranslatorInput } from '../translator.js';

/**
 * Claude on Bedrock by InvokeModel: Anthropic's body without model and stream. Whole answers are Anthropic's own; streams
 * come in AWS's framing. @see spec translators.md 11.3
 */
export const messagesToAWSAnthropic: Translator = {
  start(input, env) {
    const base = {
      request: upstreamRequest(input),
      fallbackModel: input.requestModel,
      error: (head: ResponseHead, answer: Uint8Array) => awsAnthropicError(head, answer, errorTypesBy(env.options)),
    };
    if (!input.request.isStreaming) return { ...base, kind: 'observing', observe: () => new AnthropicWholeObserver() };
    return {
      ...base,
      kind: 'translating',
      whole: (_, body) => observedAnswer(new AnthropicWholeObserver(), body),
      stream: () => new ClaudeFrameStream(),
    };
  },
};

function upstreamRequest(input: TranslatorInput) {
  const { request, requestModel } = input;
  const operation = request.isStreaming ? 'invoke-with-response-stream' : 'invoke';
  const sets = { anthropic_version: JSON.stringify(bedrockVersion(input)), ...bedrockBetas(input) };
  return {
    path: `/model/${escapeModel(requestModel)}/${operation}`,
    sets: [],
    body: editedBody(request.body, ['model', 'stream'], sets),
    dropped: [],
  };
}
