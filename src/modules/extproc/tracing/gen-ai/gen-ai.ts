import { SpanKind, type Attributes } from '@opentelemetry/api';
import type { EndpointName } from '../../endpoints/endpoint.js';
import type { SpanConvention, TracedFailure, TracedRequest } from '../span-convention.js';
import { answerAttributes } from './answer-attributes.js';
import { answerContent } from './answer-content.js';
import { requestContent } from './request-content.js';
import { requestParameters } from './request-parameters.js';

const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
const TRUE_FORMS: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True'];

/** `gen_ai.operation.name`. @see spec observability.md section 5 */
const OPERATIONS: Readonly<Record<EndpointName, string>> = {
  'chat-completions': 'chat',
  responses: 'chat',
  messages: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  'images-generations': 'image_generation',
  'images-edits': 'image_generation',
  'images-variations': 'image_generation',
  speech: 'speech',
  transcriptions: 'transcription',
  'audio-translations': 'translation',
  moderations: 'moderation',
  rerank: 'rerank',
  tokenize: 'tokenize',
  'input-tokens': 'tokenize',
  'count-tokens': 'tokenize',
};

/**
 * OpenTelemetry's convention for generative AI. Texts of prompts and answers are recorded only when
 * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is true.
 * @see spec observability.md section 5, https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
export function genAi(env: Readonly<Record<string, string | undefined>>): SpanConvention {
  const capturesContent = TRUE_FORMS.includes(env[CAPTURE] ?? '');
  return {
    hasUnlimitedAttributes: false,
    start(request) {
      const operation = OPERATIONS[request.endpoint];
      const { model } = request;
      return {
        name: model === '' ? operation : `${operation} ${model}`,
        kind: SpanKind.CLIENT,
        attributes: startAttributes(operation, request, capturesContent),
      };
    },
    backend: (provider) => ({ 'gen_ai.provider.name': provider }),
    answer({ endpoint }, answer) {
      // Of what is no JSON the convention says nothing.
      if (answer.kind !== 'json') return {};
      const attributes = answerAttributes(endpoint, answer.document);
      return capturesContent ? { ...attributes, ...answerContent(endpoint, answer.document) } : attributes;
    },
    failure: (failure) => ({
      attributes: { 'error.type': errorType(failure) },
      events: [],
      description: descriptionOf(failure, capturesContent),
    }),
    firstChunkEvent: () => undefined,
    completedEvent: () => undefined,
  };
}

function startAttributes(operation: string, request: TracedRequest, capturesContent: boolean): Attributes {
  const head: Attributes = {
    'gen_ai.operation.name': operation,
    ...(request.model !== '' && { 'gen_ai.request.model': request.model }),
  };
  if (request.form !== undefined) return head;
  const document = request.document();
  const attributes = { ...head, ...requestParameters(request.endpoint, document) };
  return capturesContent ? { ...attributes, ...requestContent(request.endpoint, document) } : attributes;
}

/** Statuses that clients of OpenAI see as one error. */
const SERVER_ERRORS: readonly number[] = [500, 502, 503];

function errorType({ status, reason }: TracedFailure): string {
  if (reason === 'cancelled') return 'cancelled';
  if (status === undefined || status < 400 || status > 599) return '_OTHER';
  return SERVER_ERRORS.includes(status) ? '500' : String(status);
}

function descriptionOf({ status, body, reason }: TracedFailure, capturesContent: boolean): string {
  const shown = capturesContent && body !== '' ? ` - ${body}` : '';
  switch (reason) {
    case 'cancelled':
      return 'cancelled before the answer was complete';
    case 'internal':
      return 'the gateway failed to handle the request';
    case 'error-event':
      return `error event in the stream${shown}`;
    default:
      return status === undefined ? `no valid status${shown}` : `Error code: ${status}${shown}`;
  }
}
