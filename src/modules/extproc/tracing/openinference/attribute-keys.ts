/**
 * Names of span attributes. Those of lists are made of a prefix, the position and what belongs to one item.
 * @see spec observability.md 4.2, 4.3; https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
 */
export const attributeKeys = {
  spanKind: 'openinference.span.kind',
  system: 'llm.system',
  model: 'llm.model_name',
  invocationParameters: 'llm.invocation_parameters',
  inputValue: 'input.value',
  inputMimeType: 'input.mime_type',
  outputValue: 'output.value',
  outputMimeType: 'output.mime_type',
  audioBytes: 'output.audio_bytes',
  audioDuration: 'output.audio_duration',
  language: 'output.language',
  promptTokens: 'llm.token_count.prompt',
  completionTokens: 'llm.token_count.completion',
  totalTokens: 'llm.token_count.total',
  cacheReadTokens: 'llm.token_count.prompt_details.cache_read',
  cacheCreationTokens: 'llm.token_count.prompt_details.cache_creation',
  promptAudioTokens: 'llm.token_count.prompt_details.audio',
  reasoningTokens: 'llm.token_count.completion_details.reasoning',
  completionAudioTokens: 'llm.token_count.completion_details.audio',
  embeddingModel: 'embedding.model_name',
  embeddingInvocationParameters: 'embedding.invocation_parameters',
  rerankerModel: 'reranker.model_name',
  rerankerTopK: 'reranker.top_k',
  rerankerQuery: 'reranker.query',
  tokenizeRequestType: 'tokenize.request_type',
  tokenizeAddSpecialTokens: 'tokenize.add_special_tokens',
  tokenizeReturnTokenStrings: 'tokenize.return_token_strs',
  tokenizeAddGenerationPrompt: 'tokenize.add_generation_prompt',
  tokenizeContinueFinalMessage: 'tokenize.continue_final_message',
  tokenizeMessageCount: 'tokenize.message_count',
  tokenizeTokenCount: 'tokenize.token_count',
  tokenizeMaxModelLength: 'tokenize.max_model_len',
  tokenizeTokensReturned: 'tokenize.tokens_returned',
  tokenizeTokenStringsReturned: 'tokenize.token_strings_returned',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  /** Ours: true when the request has more items than are recorded. */
  isInputTruncated: 'aigateway.input.truncated',

  inputMessage: (index: number) => messageKeys(`llm.input_messages.${index}`),
  outputMessage: (index: number) => messageKeys(`llm.output_messages.${index}`),
  toolSchema: (index: number) => `llm.tools.${index}.tool.json_schema`,
  promptText: (index: number) => `llm.prompts.${index}.prompt.text`,
  completionText: (index: number) => `llm.choices.${index}.completion.text`,
  embeddingText: (index: number) => `embedding.embeddings.${index}.embedding.text`,
  embeddingVector: (index: number) => `embedding.embeddings.${index}.embedding.vector`,
  inputDocument: (index: number) => `reranker.input_documents.${index}.document.content`,
  outputDocumentScore: (index: number) => `reranker.output_documents.${index}.document.score`,
} as const;

export type MessageKeys = ReturnType<typeof messageKeys>;

const messageKeys = (prefix: string) => ({
  role: `${prefix}.message.role`,
  content: `${prefix}.message.content`,
  /** Of a tool's message in a chat. */
  toolCallId: `${prefix}.message.tool_call_id`,
  /** Of a tool's output in a response. @see spec observability.md 4.3.1 */
  outputOfToolCall: `${prefix}.tool_call.id`,
  part: (index: number) => {
    const part = `${prefix}.message.contents.${index}.message_content`;
    return { type: `${part}.type`, text: `${part}.text`, imageUrl: `${part}.image.image.url` };
  },
  toolCall: (index: number) => {
    const call = `${prefix}.message.tool_calls.${index}`;
    return {
      /** Only of computer calls. @see spec observability.md 4.3.1 */
      role: `${call}.message.role`,
      id: `${call}.tool_call.id`,
      name: `${call}.tool_call.function.name`,
      arguments: `${call}.tool_call.function.arguments`,
    };
  },
});

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain';
