import { azureSharedPath } from '../translators/parts/openai/azure-path.js';
import { prefixedPath } from '../translators/parts/openai/passthrough.js';
import { RealtimeObserver } from '../translators/parts/openai/realtime-observer.js';
import type { PassedCall, PassedEndpoint, PassedRequest } from './passed-endpoint.js';

/** The last dated version; those without a preview need none (`/openai/v1`). */
const AZURE_DEFAULT_VERSION = '2025-04-01-preview';
const V1_SURFACE = /\/openai\/v1\//;

/**
 * Sessions over WebSocket. The model stands in the query; what the session is about is said in its messages, which pass.
 * @see https://platform.openai.com/docs/guides/realtime-websocket
 * @see https://learn.microsoft.com/azure/ai-foundry/openai/how-to/realtime-audio-websockets
 */
export const realtime: PassedEndpoint = {
  name: 'realtime',
  vendor: 'openai',
  operation: 'realtime',
  dialect: 'openai',
  isKeptByProvider: false,
  // Joins a call that is under way, whoever began it. @see https://platform.openai.com/docs/guides/realtime-server-controls
  keptByQuery: 'call_id',
  paths: [{ path: '/v1/realtime', methods: ['GET'] }],
  cells: {
    OpenAI: (call) => ({ path: withModel(call, prefixedPath(call.schema.prefix, call.operation), 'model') }),
    AzureOpenAI: azureRealtime,
  },
  observeSession: () => new RealtimeObserver(),
};

/** `/openai/v1/realtime?model=<deployment>` where the schema's prefix says so, else `/openai/realtime?…&deployment=<deployment>`. */
function azureRealtime(call: PassedCall): PassedRequest {
  const path = azureSharedPath(call, call.operation, AZURE_DEFAULT_VERSION);
  return { path: withModel(call, path, V1_SURFACE.test(path) ? 'model' : 'deployment') };
}

/** Sessions that only transcribe name their model in a message, and a call has one: both are refused with a model in the query. */
function withModel({ query, requestModel }: PassedCall, path: string, name: string): string {
  const intents = query.getAll('intent');
  if ((intents.length === 1 && intents[0] === 'transcription') || query.has('call_id')) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(requestModel)}`;
}
