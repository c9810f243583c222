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
  paths: [{ path: '/v1/realtime', methods: ['GET'] }],
  cells: {
    OpenAI: ({ schema, operation, requestModel }) => ({
      path: `${prefixedPath(schema.prefix, operation)}?model=${encodeURIComponent(requestModel)}`,
    }),
    AzureOpenAI: azureRealtime,
  },
  observeSession: () => new RealtimeObserver(),
};

/** `/openai/v1/realtime?model=<deployment>` where the schema's prefix says so, else `/openai/realtime?…&deployment=<deployment>`. */
function azureRealtime(call: PassedCall): PassedRequest {
  const path = azureSharedPath(call, call.operation, AZURE_DEFAULT_VERSION);
  const name = V1_SURFACE.test(path) ? 'model' : 'deployment';
  return { path: `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(call.requestModel)}` };
}
