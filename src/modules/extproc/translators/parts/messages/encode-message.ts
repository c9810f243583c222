import type { ClientResponse, TranslatorEnv } from '../../translator.js';
import { anthropicUsage } from './anthropic-usage.js';
import type { MessageResult } from './message-result.js';

/** A good whole answer in Anthropic's dialect, with every member that Anthropic writes. @see spec translators.md 18.1.5 */
export function messageResponse(result: MessageResult, env: TranslatorEnv): ClientResponse {
  const message = {
    id: result.id || env.newId('msg_'),
    type: 'message',
    role: 'assistant',
    model: result.model,
    content: result.content,
    stop_reason: result.stopReason,
    stop_sequence: result.stopSequence ?? null,
    usage: anthropicUsage(result.usage ?? {}),
  };
  return {
    body: Buffer.from(JSON.stringify(message)),
    sets: [{ name: 'content-type', value: 'application/json' }],
    model: result.model,
    ...(result.usage ? { usage: result.usage } : {}),
  };
}
