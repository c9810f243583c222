import type { Translator } from '../../translator.js';
import type { ChatBackend } from '../chat/chat-backend.js';
import { streamOf } from '../chat/chat-stream.js';
import { openAIErrorResponse } from '../chat/openai-error.js';
import { inClientTerms, joinedReceipt } from './client-terms.js';
import { readResponsesRequest } from './read-responses-request.js';
import type { ResponseTerms } from './response-builder.js';
import { ResponsesStreamEncoder } from './stream-encoder.js';
import { sealThinking, thinkingFamilyOf } from './thinking-envelope.js';
import { wholeResponse } from './whole-answer.js';

/**
 * The cell of `/v1/responses` for a provider that knows chats only (translators.md G32): the request becomes a chat, the
 * chat's answer becomes a response. Nothing is kept between requests. @see spec translators.md 18.3
 */
export const responsesCell = (backend: ChatBackend): Translator => ({
  start(input, env) {
    const document = input.request.document();
    const schema = input.schema.name;
    const { dropsHostedTools } = env.options;
    const conversion = readResponsesRequest(document, input.request.isStreaming, { schema, dropsHostedTools });
    const exchange = inClientTerms(() => backend.start(conversion.chat, input, env));
    const terms: ResponseTerms = {
      request: document,
      model: input.requestModel,
      customTools: conversion.customTools,
      sealThinking: conversion.wantsEncryptedThinking
        ? (blocks) => sealThinking(thinkingFamilyOf(schema), blocks)
        : undefined,
    };
    return {
      kind: 'translating',
      request: { ...exchange.request, dropped: joinedReceipt(conversion.dropped, exchange.request.dropped) },
      fallbackModel: exchange.fallbackModel,
      whole(head, body) {
        const result = exchange.whole(head, body);
        return {
          body: Buffer.from(JSON.stringify(wholeResponse(result, terms, env))),
          sets: [{ name: 'content-type', value: 'application/json' }],
          model: result.model,
          ...(result.usage ? { usage: result.usage } : {}),
        };
      },
      stream: (head) => streamOf(exchange, head, new ResponsesStreamEncoder(terms, env)),
      error(head, body) {
        const { sets, ...error } = exchange.error(head, body);
        return openAIErrorResponse({ ...error, status: head.status }, sets);
      },
    };
  },
});
