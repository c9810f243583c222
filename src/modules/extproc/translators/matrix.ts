import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { chatToAzureOpenAI } from './chat-completions/azure-openai.js';
import { chatToOpenAI } from './chat-completions/openai.js';
import { completionsToOpenAI } from './completions/openai.js';
import { embeddingsToAzureOpenAI } from './embeddings/azure-openai.js';
import { embeddingsToOpenAI } from './embeddings/openai.js';
import { messagesToAnthropic } from './messages/anthropic.js';
import type { Translator } from './translator.js';

type Matrix = { readonly [E in EndpointName]: Readonly<Partial<Record<SchemaName, Translator>>> };

/** Every supported (endpoint, schema) pair; the README's table is generated from it. */
export const MATRIX: Matrix = {
  'chat-completions': { OpenAI: chatToOpenAI, AzureOpenAI: chatToAzureOpenAI },
  completions: { OpenAI: completionsToOpenAI },
  embeddings: { OpenAI: embeddingsToOpenAI, AzureOpenAI: embeddingsToAzureOpenAI },
  responses: {},
  'input-tokens': {},
  'images-generations': {},
  'images-edits': {},
  'images-variations': {},
  speech: {},
  transcriptions: {},
  'audio-translations': {},
  moderations: {},
  tokenize: {},
  messages: { Anthropic: messagesToAnthropic },
  'count-tokens': {},
  rerank: {},
};
