import { Receipt } from '../../receipt.js';
import type { TranslatingExchange, TranslatorEnv, TranslatorInput } from '../../translator.js';
import type { ErrorTypeOf } from './anthropic-error.js';
import { chatErrorResponse } from './chat-error.js';
import { ChatStreamReader } from './chat-stream-reader.js';
import { messageResponse } from './encode-message.js';
import { fromChatCompletion } from './from-chat-completion.js';
import { messageStream } from './message-stream.js';
import { readMessagesRequest } from './read-messages-request.js';
import { toChatBody } from './to-chat-body.js';

/** Where the server is, and how an error is named that does not name itself. */
export interface ChatServer {
  readonly path: string;
  readonly errorTypeOf: ErrorTypeOf;
}

/** A Messages request at a server of chat completions. @see spec translators.md 11.5 */
export function chatExchange(input: TranslatorInput, env: TranslatorEnv, server: ChatServer): TranslatingExchange {
  const { requestModel } = input;
  const receipt = new Receipt();
  const request = readMessagesRequest(input.request.document());
  const body = Buffer.from(JSON.stringify(toChatBody(request, requestModel, receipt)));
  return {
    kind: 'translating',
    request: { path: server.path, sets: [], body, dropped: receipt.dropped },
    fallbackModel: requestModel,
    whole: (_, answer) => messageResponse(fromChatCompletion(answer, requestModel, env), env),
    stream: () => messageStream(env, requestModel, (writer) => new ChatStreamReader(env, writer)),
    error: (head, answer) => chatErrorResponse(head, answer, server.errorTypeOf),
  };
}
