import { knownAs } from '../../../../../shared/translation-options.js';
import type { HeaderSet } from '../../../header-set.js';
import { Receipt } from '../../receipt.js';
import type { Translator, TranslatorInput } from '../../translator.js';
import type { ChatExchange } from '../chat/chat-backend.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { openAIErrorResponse } from '../chat/openai-error.js';
import type { TokenizeRequest } from '../tokenize/tokenize-request.js';
import { inClientTerms, joinedReceipt } from './client-terms.js';
import { readResponsesRequest } from './read-responses-request.js';

export interface CountInput extends TranslatorInput {
  /** The model whose abilities the request's model has. */
  readonly knownModel: string;
}

/** How a provider counts the tokens of a chat. */
export interface TokenCounter {
  /** @throws {UserFacingError} 422 */
  request(counted: TokenizeRequest & { readonly kind: 'chat' }, input: CountInput, receipt: Receipt): CountRequest;
  /** @throws {UpstreamAnswerError} */
  readCount(answer: Uint8Array): number;
  readonly error: ChatExchange['error'];
}

export interface CountRequest {
  readonly path: string;
  readonly sets?: readonly HeaderSet[];
  /** Written as JSON. */
  readonly body: object;
}

/**
 * The cell of `/v1/responses/input_tokens` for a provider that counts chats. What does not become a part of the prompt, e.g.
 * sampling, is not told in the receipt: it does not change the count. @see spec translators.md 18.3.7
 */
export const inputTokensCell = (counter: TokenCounter): Translator => ({
  start(input, env) {
    const terms = { schema: input.schema.name, dropsHostedTools: env.options.dropsHostedTools };
    const { chat, dropped } = readResponsesRequest(input.request.document(), false, terms);
    const knownModel = knownAs(input.requestModel, env.options);
    const receipt = new Receipt();
    const {
      path,
      sets = [],
      body,
    } = inClientTerms(() => counter.request(counted(chat), { ...input, knownModel }, receipt));
    return {
      kind: 'translating',
      request: {
        path,
        sets,
        body: Buffer.from(JSON.stringify(body)),
        dropped: joinedReceipt(dropped, receipt.dropped),
      },
      fallbackModel: undefined,
      whole(_, answer) {
        const inputTokens = counter.readCount(answer);
        return {
          body: Buffer.from(JSON.stringify({ object: 'response.input_tokens', input_tokens: inputTokens })),
          sets: [{ name: 'content-type', value: 'application/json' }],
          usage: { inputTokens },
        };
      },
      stream: () => {
        throw new Error('token counting does not stream');
      },
      error(head, answer) {
        const { sets: errorSets, ...error } = counter.error(head, answer);
        return openAIErrorResponse({ ...error, status: head.status }, errorSets);
      },
    };
  },
});

const counted = (chat: ChatRequest) => ({ kind: 'chat', chat, dropped: [] }) as const;
