import { Receipt } from '../../receipt.js';
import { awsError } from '../aws/aws-error.js';
import type { ChatBackend, ChatExchange } from '../chat/chat-backend.js';
import { tellWholeAnswer, type AnswerSink } from './answer-events.js';
import { answerByTool } from './answer-tool.js';
import { ChatAnswer, ChatAnswerStream } from './chat-answer.js';
import { converseRequest } from './chat-request.js';
import { ConverseStream } from './stream-events.js';
import { conversePath, REQUEST_ID } from './transport.js';

/** A chat by Bedrock's Converse. @see spec translators.md 5.3 and 18.4 */
export const bedrockChat: ChatBackend = {
  start(chat, input, env) {
    const receipt = new Receipt();
    const { body, answerTool } = converseRequest(chat, input.requestModel, env.options, receipt);
    const through = (sink: AnswerSink) => (answerTool === undefined ? sink : answerByTool(answerTool, sink));
    return {
      request: {
        path: conversePath(input, chat.isStreaming),
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped: receipt.dropped,
      },
      fallbackModel: input.requestModel,
      whole(head, answerBody) {
        const answer = new ChatAnswer();
        tellWholeAnswer(
          answerBody,
          through((event) => answer.on(event)),
        );
        return answer.result(head.headers.get(REQUEST_ID), input.requestModel);
      },
      stream: (head, emit) => streamReader(head.headers.get(REQUEST_ID), emit, through),
      error: awsError,
    };
  },
};

type Stream = ChatExchange['stream'];

function streamReader(
  id: string | undefined,
  emit: Parameters<Stream>[1],
  through: (sink: AnswerSink) => AnswerSink,
): ReturnType<Stream> {
  const answer = new ChatAnswerStream(emit);
  let isStarted = false;
  let hasError = false;
  let facts: ReturnType<Stream>['facts'] = {};
  const sink = through((event) => answer.on(event));
  const stream = new ConverseStream((event) => {
    if (!isStarted) emit({ kind: 'start', ...(id ? { id } : {}) });
    isStarted = true;
    if (event.kind === 'usage') facts = { usage: event.usage };
    hasError ||= event.kind === 'failure';
    sink(event);
  });
  return {
    push: (chunk) => stream.push(chunk),
    end: () => stream.end(),
    get facts() {
      return facts;
    },
    get isUsageFinal() {
      return facts.usage !== undefined;
    },
    get hasError() {
      return hasError;
    },
  };
}
