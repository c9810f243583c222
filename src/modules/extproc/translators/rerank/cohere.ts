import { posix } from 'node:path';
import { memberRanges, readJson } from '../../codec/json-scan.js';
import { isJsonType } from '../../codec/media-type.js';
import { counterOf, membersOf, scanLeniently } from '../../codec/usage.js';
import { overriddenBody } from '../parts/openai/passthrough.js';
import { WholeObserver } from '../parts/responses/observe.js';
import type { ClientResponse, ResponseFacts, ResponseHead, Translator } from '../translator.js';

/** @see spec translators.md section 14 */
export const rerankToCohere: Translator = {
  start(input) {
    const body = overriddenBody(input);
    return {
      kind: 'observing',
      request: {
        path: posix.join('/', input.schema.version ?? '', 'rerank'),
        sets: [],
        dropped: [],
        ...(body ? { body } : {}),
      },
      fallbackModel: input.requestModel,
      observe: () => new WholeObserver(readTokens),
      error: cohereError,
    };
  },
};

/** `meta.tokens`: fractions are cut, the total is of those that are told. @see spec translators.md section 4 */
function readTokens(body: Uint8Array): ResponseFacts {
  const meta = scanLeniently(body, ['meta'])?.get('meta')?.at(-1);
  const range = meta && memberRanges(body, meta, ['tokens']).get('tokens')?.at(-1);
  const tokens = membersOf(range && readJson(body, range));
  const input = counterOf(tokens['input_tokens']);
  const output = counterOf(tokens['output_tokens']);
  if (input === undefined && output === undefined) return {};
  return {
    usage: {
      ...(input === undefined ? {} : { inputTokens: input }),
      ...(output === undefined ? {} : { outputTokens: output }),
      totalTokens: (input ?? 0) + (output ?? 0),
    },
  };
}

/** JSON, and what names no type, goes through; anything else becomes an error of Cohere's shape. */
function cohereError({ headers }: ResponseHead, body: Uint8Array): ClientResponse {
  const contentType = headers.get('content-type');
  if (contentType === undefined || isJsonType(contentType)) return {};
  return {
    body: Buffer.from(JSON.stringify({ message: Buffer.from(body).toString('utf8') })),
    sets: [{ name: 'content-type', value: 'application/json' }],
  };
}
