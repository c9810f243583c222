import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { audioTranslationsToAzureOpenAI } from './audio-translations/azure-openai.js';
import { audioTranslationsToOpenAI } from './audio-translations/openai.js';
import { chatToAnthropic } from './chat-completions/anthropic.js';
import { chatToAWSAnthropic } from './chat-completions/aws-anthropic.js';
import { chatToAWSBedrock } from './chat-completions/aws-bedrock.js';
import { chatToAzureOpenAI } from './chat-completions/azure-openai.js';
import { chatToGCPAnthropic } from './chat-completions/gcp-anthropic.js';
import { chatToGCPVertexAI } from './chat-completions/gcp-vertex-ai.js';
import { chatToOpenAI } from './chat-completions/openai.js';
import { completionsToAzureOpenAI } from './completions/azure-openai.js';
import { completionsToOpenAI } from './completions/openai.js';
import { embeddingsToAWSBedrock } from './embeddings/aws-bedrock.js';
import { embeddingsToAzureOpenAI } from './embeddings/azure-openai.js';
import { embeddingsToCohere } from './embeddings/cohere.js';
import { embeddingsToGCPVertexAI } from './embeddings/gcp-vertex-ai.js';
import { embeddingsToOpenAI } from './embeddings/openai.js';
import { imagesEditsToAzureOpenAI } from './images-edits/azure-openai.js';
import { imagesEditsToOpenAI } from './images-edits/openai.js';
import { imagesGenerationsToAWSBedrock } from './images-generations/aws-bedrock.js';
import { imagesGenerationsToAzureOpenAI } from './images-generations/azure-openai.js';
import { imagesGenerationsToGCPVertexAI } from './images-generations/gcp-vertex-ai.js';
import { imagesGenerationsToOpenAI } from './images-generations/openai.js';
import { imagesVariationsToAzureOpenAI } from './images-variations/azure-openai.js';
import { imagesVariationsToOpenAI } from './images-variations/openai.js';
import { messagesToAnthropic } from './messages/anthropic.js';
import { messagesToAWSAnthropic } from './messages/aws-anthropic.js';
import { messagesToAWSBedrock } from './messages/aws-bedrock.js';
import { messagesToAzureOpenAI } from './messages/azure-openai.js';
import { messagesToOpenAI } from './messages/openai.js';
import { messagesToGCPAnthropic } from './messages/gcp-anthropic.js';
import { messagesToGCPVertexAI } from './messages/gcp-vertex-ai.js';
import { countTokensToAnthropic } from './count-tokens/anthropic.js';
import { countTokensToAWSAnthropic } from './count-tokens/aws-anthropic.js';
import { countTokensToAWSBedrock } from './count-tokens/aws-bedrock.js';
import { countTokensToGCPAnthropic } from './count-tokens/gcp-anthropic.js';
import { countTokensToGCPVertexAI } from './count-tokens/gcp-vertex-ai.js';
import { inputTokensToAnthropic } from './input-tokens/anthropic.js';
import { inputTokensToAWSAnthropic } from './input-tokens/aws-anthropic.js';
import { inputTokensToAWSBedrock } from './input-tokens/aws-bedrock.js';
import { inputTokensToGCPAnthropic } from './input-tokens/gcp-anthropic.js';
import { inputTokensToGCPVertexAI } from './input-tokens/gcp-vertex-ai.js';
import { inputTokensToAzureOpenAI } from './input-tokens/azure-openai.js';
import { inputTokensToOpenAI } from './input-tokens/openai.js';
import { moderationsToOpenAI } from './moderations/openai.js';
import { rerankToAWSBedrock } from './rerank/aws-bedrock.js';
import { rerankToCohere } from './rerank/cohere.js';
import { rerankToGCPVertexAI } from './rerank/gcp-vertex-ai.js';
import { responsesToAnthropic } from './responses/anthropic.js';
import { responsesToAWSAnthropic } from './responses/aws-anthropic.js';
import { responsesToAWSBedrock } from './responses/aws-bedrock.js';
import { responsesToGCPAnthropic } from './responses/gcp-anthropic.js';
import { responsesToGCPVertexAI } from './responses/gcp-vertex-ai.js';
import { responsesToAzureOpenAI } from './responses/azure-openai.js';
import { responsesToOpenAI } from './responses/openai.js';
import { speechToAzureOpenAI } from './speech/azure-openai.js';
import { speechToOpenAI } from './speech/openai.js';
import { transcriptionsToAzureOpenAI } from './transcriptions/azure-openai.js';
import { transcriptionsToOpenAI } from './transcriptions/openai.js';
import { tokenizeToAWSAnthropic } from './tokenize/aws-anthropic.js';
import { tokenizeToAWSBedrock } from './tokenize/aws-bedrock.js';
import { tokenizeToGCPAnthropic } from './tokenize/gcp-anthropic.js';
import { tokenizeToGCPVertexAI } from './tokenize/gcp-vertex-ai.js';
import { tokenizeToOpenAI } from './tokenize/openai.js';
import type { Translator } from './translator.js';

type Matrix = { readonly [E in EndpointName]: Readonly<Partial<Record<SchemaName, Translator>>> };

/** Every supported (endpoint, schema) pair; the README's table is generated from it. */
export const MATRIX: Matrix = {
  'chat-completions': {
    OpenAI: chatToOpenAI,
    AzureOpenAI: chatToAzureOpenAI,
    AWSBedrock: chatToAWSBedrock,
    AWSAnthropic: chatToAWSAnthropic,
    GCPVertexAI: chatToGCPVertexAI,
    GCPAnthropic: chatToGCPAnthropic,
    Anthropic: chatToAnthropic,
  },
  completions: { OpenAI: completionsToOpenAI, AzureOpenAI: completionsToAzureOpenAI },
  embeddings: {
    OpenAI: embeddingsToOpenAI,
    AzureOpenAI: embeddingsToAzureOpenAI,
    AWSBedrock: embeddingsToAWSBedrock,
    GCPVertexAI: embeddingsToGCPVertexAI,
    Cohere: embeddingsToCohere,
  },
  responses: {
    OpenAI: responsesToOpenAI,
    AzureOpenAI: responsesToAzureOpenAI,
    AWSBedrock: responsesToAWSBedrock,
    AWSAnthropic: responsesToAWSAnthropic,
    GCPVertexAI: responsesToGCPVertexAI,
    GCPAnthropic: responsesToGCPAnthropic,
    Anthropic: responsesToAnthropic,
  },
  'input-tokens': {
    OpenAI: inputTokensToOpenAI,
    AzureOpenAI: inputTokensToAzureOpenAI,
    AWSBedrock: inputTokensToAWSBedrock,
    AWSAnthropic: inputTokensToAWSAnthropic,
    GCPVertexAI: inputTokensToGCPVertexAI,
    GCPAnthropic: inputTokensToGCPAnthropic,
    Anthropic: inputTokensToAnthropic,
  },
  'images-generations': {
    OpenAI: imagesGenerationsToOpenAI,
    AzureOpenAI: imagesGenerationsToAzureOpenAI,
    AWSBedrock: imagesGenerationsToAWSBedrock,
    GCPVertexAI: imagesGenerationsToGCPVertexAI,
  },
  'images-edits': { OpenAI: imagesEditsToOpenAI, AzureOpenAI: imagesEditsToAzureOpenAI },
  'images-variations': { OpenAI: imagesVariationsToOpenAI, AzureOpenAI: imagesVariationsToAzureOpenAI },
  speech: { OpenAI: speechToOpenAI, AzureOpenAI: speechToAzureOpenAI },
  transcriptions: { OpenAI: transcriptionsToOpenAI, AzureOpenAI: transcriptionsToAzureOpenAI },
  'audio-translations': { OpenAI: audioTranslationsToOpenAI, AzureOpenAI: audioTranslationsToAzureOpenAI },
  moderations: { OpenAI: moderationsToOpenAI },
  tokenize: {
    OpenAI: tokenizeToOpenAI,
    AWSBedrock: tokenizeToAWSBedrock,
    AWSAnthropic: tokenizeToAWSAnthropic,
    GCPVertexAI: tokenizeToGCPVertexAI,
    GCPAnthropic: tokenizeToGCPAnthropic,
  },
  messages: {
    OpenAI: messagesToOpenAI,
    AzureOpenAI: messagesToAzureOpenAI,
    AWSBedrock: messagesToAWSBedrock,
    AWSAnthropic: messagesToAWSAnthropic,
    GCPVertexAI: messagesToGCPVertexAI,
    GCPAnthropic: messagesToGCPAnthropic,
    Anthropic: messagesToAnthropic,
  },
  'count-tokens': {
    AWSBedrock: countTokensToAWSBedrock,
    AWSAnthropic: countTokensToAWSAnthropic,
    GCPVertexAI: countTokensToGCPVertexAI,
    GCPAnthropic: countTokensToGCPAnthropic,
    Anthropic: countTokensToAnthropic,
  },
  rerank: { AWSBedrock: rerankToAWSBedrock, GCPVertexAI: rerankToGCPVertexAI, Cohere: rerankToCohere },
};
