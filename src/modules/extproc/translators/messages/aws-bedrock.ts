import { awsError } from '../parts/aws/aws-error.js';
import { MessageAnswerStream, toMessageResult } from '../parts/bedrock/message-answer.js';
import { converseRequest } from '../parts/bedrock/message-request.js';
import { conversePath } from '../parts/bedrock/transport.js';
import { anthropicErrorResponse, referenceErrorType } from '../parts/messages/anthropic-error.js';
import { awsErrorType } from '../parts/messages/aws-error.js';
import { messageResponse } from '../parts/messages/encode-message.js';
import { messageStream } from '../parts/messages/message-stream.js';
import { readMessagesRequest } from '../parts/messages/read-messages-request.js';
import type { ResponseHead, Translator } from '../translator.js';

/** @see spec translators.md 11.4 */
export const messagesToAWSBedrock: Translator = {
  start(input, env) {
    const { requestModel } = input;
    const request = readMessagesRequest(input.request.document());
    const { body, answerTool, dropped } = converseRequest(request, input, env.options);
    const context = { model: requestModel, answerTool };
    const typeOf = env.options.usesDocumentedErrorTypes ? documentedType : referenceType;
    return {
      kind: 'translating',
      request: {
        path: conversePath(input, request.isStreaming),
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped,
      },
      fallbackModel: requestModel,
      whole: (head, answer) => messageResponse(toMessageResult(head, answer, context), env),
      stream: (head) => messageStream(env, requestModel, (writer) => new MessageAnswerStream(head, context, writer)),
      error: (head, answer) => anthropicErrorResponse(typeOf(head), awsError(head, answer).message),
    };
  },
};

/** The reference knows these two statuses by no name of their own here. @see spec translators.md 11.4, "Errors" */
const referenceType = ({ status }: ResponseHead): string =>
  status === 413 || status === 529 ? 'internal_server_error' : referenceErrorType(status);

/** @see spec translators.md 18.4.3 and G49 */
const documentedType = ({ status }: ResponseHead): string => awsErrorType(status);
