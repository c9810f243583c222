import type { FilterConfig } from '../../src/shared/filter-config/filter-config.js';
import {
  type Answer,
  ExtprocWorld,
  backendIdentity,
  buildBackend,
  type ClientRequest,
  type HeaderPairs,
} from './extproc-world.js';

/** Three costs, one of each sort. */
export const COSTS: FilterConfig['globalLLMRequestCosts'] = [
  { metadataKey: 'total', type: 'TotalToken' },
  { metadataKey: 'cached', type: 'CachedInputToken' },
  { metadataKey: 'weighed', type: 'CEL', cel: 'input_tokens + 10u * output_tokens' },
];
const USAGE = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
export const WHOLE = JSON.stringify({ model: 'm-0613', choices: [], usage: USAGE });
export const FIRST_CHUNK = 'data: {"model":"m-0613","choices":[{"delta":{"content":"hi"}}]}\n\n';
export const USAGE_CHUNK = `data: ${JSON.stringify({ model: 'm-0613', choices: [], usage: USAGE })}\n\n`;
export const DONE = 'data: [DONE]\n\n';
export const IDENTITY = { model_name_override: 'm', ai_service_backend_name: 'ns/a', route_name: 'ns/r' };
export const SPENT = { total: 8, cached: 0, weighed: 53 };
export const JSON_TYPE = { 'content-type': 'application/json' };

export function newWorld(more: Partial<FilterConfig> = {}): ExtprocWorld {
  return new ExtprocWorld({ backends: [buildBackend('a'), buildBackend('b')], globalLLMRequestCosts: COSTS, ...more });
}

/** A request with one attempt at backend `a`; its response may come. */
export async function bound(
  body: string,
  world = newWorld(),
): Promise<{ request: ClientRequest; world: ExtprocWorld }> {
  const request = await world.routed(body);
  world.nowMs += 5;
  await request.attempt(backendIdentity('a'));
  return { request, world };
}
export const whole = (world?: ExtprocWorld) => bound('{"model":"m"}', world);
export const stream = (world?: ExtprocWorld) => bound('{"model":"m","stream":true}', world);

export const respond = async (
  { router }: ClientRequest,
  status: string,
  more: HeaderPairs = {},
  endOfStream = false,
): Promise<Answer> => (await router.headers('responseHeaders', { ':status': status, ...more }, { endOfStream }))!;
export const bodyOf = async (
  { router }: ClientRequest,
  body: string | Uint8Array,
  endOfStream = true,
): Promise<Answer> => (await router.body('responseBody', body, endOfStream))!;
export const trailersOf = async ({ router }: ClientRequest): Promise<Answer> =>
  (await router.say({ request: { case: 'responseTrailers', value: {} } }))!;

/** Completions by result, tokens by type, cancelled requests. */
export async function recorded(world: ExtprocWorld) {
  const metrics = await world.metrics();
  const durations = metrics.find('gen_ai_server_request_duration_seconds_count');
  const count = (type: string | undefined) =>
    durations.filter(({ labels }) => labels['error_type'] === type).reduce((sum, { value }) => sum + value, 0);
  const tokens = Object.fromEntries(
    metrics.find('gen_ai_client_token_usage_sum').map(({ labels, value }) => [labels['gen_ai_token_type'], value]),
  );
  return { succeeded: count(undefined), failed: count('_OTHER'), cancelled: count('cancelled'), tokens };
}
export const SUCCESS = { succeeded: 1, failed: 0, cancelled: 0, tokens: { input: 3, output: 5 } };
export const FAILURE = { succeeded: 0, failed: 1, cancelled: 0, tokens: {} };
