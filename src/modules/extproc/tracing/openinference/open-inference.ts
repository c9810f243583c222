import { SpanKind } from '@opentelemetry/api';
import type { EndpointName } from '../../endpoints/endpoint.js';
import { spanAttributes } from '../span-attributes.js';
import type { SpanConvention, SpanEvent } from '../span-convention.js';
import { attributeKeys } from './attribute-keys.js';
import { AttributeRecord } from './attribute-record.js';
import { audioTranslations, speech, transcriptions } from './audio.js';
import { chat } from './chat.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { recordFailure } from './failure.js';
import { imagesEdits, imagesGenerations, imagesVariations } from './images.js';
import { messages } from './messages.js';
import { moderations } from './moderations.js';
import { redactionFrom, type Redaction } from './redaction.js';
import { requestView } from './request-view.js';
import { rerank } from './rerank.js';
import { responses } from './responses.js';
import { countTokens, inputTokens } from './token-counters.js';
import { tokenize } from './tokenize.js';

const SPANS: Readonly<Record<EndpointName, EndpointSpans>> = {
  'chat-completions': chat,
  completions,
  embeddings,
  responses,
  'input-tokens': inputTokens,
  'images-generations': imagesGenerations,
  'images-edits': imagesEdits,
  'images-variations': imagesVariations,
  speech,
  transcriptions,
  'audio-translations': audioTranslations,
  moderations,
  tokenize,
  messages,
  'count-tokens': countTokens,
  rerank,
};

const STREAMS_WITH_FIRST_TOKEN: ReadonlySet<EndpointName> = new Set([
  'chat-completions',
  'completions',
  'messages',
  'responses',
]);
const FIRST_TOKEN: SpanEvent = { name: 'First Token Stream Event' };
const RESPONSE_COMPLETED: SpanEvent = { name: 'Response Completed Event' };

/**
 * The default convention. Prompts and answers are recorded unless `OPENINFERENCE_HIDE_*` hide them; there is no opt-in.
 * @param env Variables of redaction; those that do not parse count as unset.
 * @see spec observability.md section 4; https://github.com/Arize-ai/openinference/tree/main/spec
 */
export function openInference(env: Readonly<Record<string, string | undefined>>): SpanConvention {
  const redaction = redactionFrom(env);
  return {
    start(request) {
      const spans = SPANS[request.endpoint];
      const record = new AttributeRecord();
      spans.request(record, requestView(request, redaction), redaction);
      return { name: spans.name, kind: SpanKind.INTERNAL, attributes: record.finish(attributeKeys.isInputTruncated) };
    },
    // The convention tells the API that the client speaks, not who answers.
    backend: () => ({}),
    answer(request, answer) {
      const record = new AttributeRecord();
      SPANS[request.endpoint].answer(record, answer, redaction);
      return record.finish(spanAttributes.isOutputTruncated);
    },
    failure: (failure) => recordFailure(failure, redaction),
    firstChunkEvent: (endpoint) => (STREAMS_WITH_FIRST_TOKEN.has(endpoint) ? FIRST_TOKEN : undefined),
    completedEvent: (endpoint) => (endpoint === 'responses' ? RESPONSE_COMPLETED : undefined),
    hasUnlimitedAttributes: recordsMessages(redaction),
  };
}

/** Conversations have more attributes than the SDK's 128. @see spec observability.md 4.1, "attribute count limit" */
const recordsMessages = ({ hidesInputMessages, hidesOutputMessages }: Redaction): boolean =>
  !hidesInputMessages || !hidesOutputMessages;
