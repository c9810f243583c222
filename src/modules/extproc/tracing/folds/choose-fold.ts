import type { EndpointName } from '../../endpoints/endpoint.js';
import type { AnswerFold } from './answer-fold.js';
import { ChatReader } from './chat-reader.js';
import { CompletionsReader } from './completions-reader.js';
import { MessagesReader } from './messages-reader.js';
import { ResponsesReader } from './responses-reader.js';
import { StreamFold } from './stream-fold.js';
import { TranscriptReader } from './transcript-reader.js';
import { WholeFold } from './whole-fold.js';

/** How the answers of an endpoint are folded; undefined for streams of which no convention records anything. */
export function chooseFold(endpoint: EndpointName, isStream: boolean): AnswerFold | undefined {
  if (isStream) return streamFold(endpoint);
  switch (endpoint) {
    case 'speech':
      return new WholeFold('binary');
    case 'transcriptions':
    case 'audio-translations':
      return new WholeFold('json-or-text');
    default:
      return new WholeFold('json');
  }
}

function streamFold(endpoint: EndpointName): AnswerFold | undefined {
  switch (endpoint) {
    case 'chat-completions':
      return new StreamFold((budget) => new ChatReader(budget));
    case 'completions':
      return new StreamFold((budget) => new CompletionsReader(budget));
    case 'messages':
      return new StreamFold((budget) => new MessagesReader(budget));
    case 'responses':
      return new StreamFold((budget) => new ResponsesReader(budget));
    case 'transcriptions':
      return new StreamFold((budget) => new TranscriptReader(budget));
    default:
      return undefined;
  }
}
