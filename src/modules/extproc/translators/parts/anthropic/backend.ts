import { knownAs } from '../../../../../shared/translation-options.js';
import type { JsonObject } from '../../../codec/json-value.js';
import type { HeaderSet } from '../../../header-set.js';
import { Receipt } from '../../receipt.js';
import type { TranslatorInput } from '../../translator.js';
import { awsError } from '../aws/aws-error.js';
import { escapeModel } from '../aws/model-path.js';
import type { ChatBackend, ChatExchange, ChatStreamReader } from '../chat/chat-backend.js';
import { bedrockVersion, versionHeader, vertexVersion } from '../messages/anthropic-version.js';
import { claudeOnVertexPath } from '../messages/vertex-path.js';
import { prefixedPath } from '../openai/passthrough.js';
import type { ClaudePlatform } from './model-class.js';
import { claudeError } from './provider-error.js';
import { claudeRequest } from './request-body.js';
import { toChatResult } from './result.js';
import { awsReader, sseReader } from './stream-readers.js';
import { ClaudeEventReader } from './stream.js';

/** What differs between the places where Claude is served. */
interface Transport {
  readonly platform: ClaudePlatform;
  path(input: TranslatorInput, isStreaming: boolean): string;
  headers(input: TranslatorInput): readonly HeaderSet[];
  /** Members of the body besides those of the message. */
  envelope(input: TranslatorInput, isStreaming: boolean): JsonObject;
  reader(events: ClaudeEventReader): ChatStreamReader;
  readonly error: ChatExchange['error'];
}

const NO_HEADERS: readonly HeaderSet[] = [];
const streamMember = (isStreaming: boolean) => (isStreaming ? { stream: true } : {});

/** Anthropic itself. @see spec translators.md 18.1.7 */
export const anthropicChat = chatBackend({
  platform: 'anthropic',
  path: ({ schema }) => prefixedPath(schema.prefix, 'messages'),
  headers: versionHeader,
  envelope: ({ requestModel }, isStreaming) => ({ model: requestModel, ...streamMember(isStreaming) }),
  reader: sseReader,
  error: (head, body) => claudeError(head, body, 'AnthropicBackendError'),
});

/** Bedrock's InvokeModel. @see spec translators.md 5.6 */
export const awsAnthropicChat = chatBackend({
  platform: 'aws',
  path: ({ requestModel }, isStreaming) =>
    `/model/${escapeModel(requestModel)}/${isStreaming ? 'invoke-with-response-stream' : 'invoke'}`,
  headers: () => NO_HEADERS,
  envelope: (input) => ({ anthropic_version: bedrockVersion(input) }),
  reader: awsReader,
  error: awsError,
});

/** Vertex' rawPredict. @see spec translators.md 5.7 */
export const gcpAnthropicChat = chatBackend({
  platform: 'gcp',
  path: ({ requestModel }, isStreaming) =>
    claudeOnVertexPath(requestModel, isStreaming ? 'streamRawPredict' : 'rawPredict'),
  headers: () => NO_HEADERS,
  envelope: (input, isStreaming) => ({ anthropic_version: vertexVersion(input), ...streamMember(isStreaming) }),
  reader: sseReader,
  error: (head, body) => claudeError(head, body, 'GCPBackendError'),
});

function chatBackend(transport: Transport): ChatBackend {
  const { platform } = transport;
  return {
    start(chat, input, env) {
      const { requestModel } = input;
      const { isStreaming } = chat;
      const receipt = new Receipt();
      const { defaultMaxTokens } = env.options;
      const target = { model: knownAs(requestModel, env.options), platform, defaultMaxTokens };
      const { members, answerTool } = claudeRequest(chat, target, receipt);
      const context = { env, requestModel, answerTool };
      return {
        request: {
          path: transport.path(input, isStreaming),
          sets: transport.headers(input),
          body: Buffer.from(JSON.stringify({ ...transport.envelope(input, isStreaming), ...members })),
          dropped: receipt.dropped,
        },
        fallbackModel: requestModel,
        whole: (_, body) => toChatResult(body, context),
        // In the clouds a stream names the model by its base name, which is not what was asked for (section 16).
        stream: (_, emit) => transport.reader(new ClaudeEventReader(context, platform === 'anthropic', emit)),
        error: transport.error,
      };
    },
  };
}
