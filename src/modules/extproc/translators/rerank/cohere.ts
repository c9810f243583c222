import { posix } from 'node:path';
import { readJson } from '../../codec/json-scan.js';
import { isJsonType } from '../../codec/media-type.js';
import { counterOf, isJsonObjectText, membersOf, scanLeniently } from '../../codec/usage.js';
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

/**
 * `meta.tokens`: fractions are cut, the total is of those that are told; and the searches that are billed (G26).
 * @see spec translators.md section 4 and 14
 */
function readTokens(body: Uint8Array): ResponseFacts {
  const range = scanLeniently(body, ['meta'])?.get('meta')?.at(-1);
  const meta = membersOf(range && readJson(body, range));
  const tokens = membersOf(meta['tokens']);
  const input = counterOf(tokens['input_tokens']);
  const output = counterOf(tokens['output_tokens']);
  const searches = counterOf(membersOf(meta['billed_units'])['search_units']);
  const hasTokens = input !== undefined || output !== undefined;
  if (!hasTokens && searches === undefined) return {};
  return {
    usage: {
      ...(input === undefined ? {} : { inputTokens: input }),
      ...(output === undefined ? {} : { outputTokens: output }),
      ...(hasTokens ? { totalTokens: (input ?? 0) + (output ?? 0) } : {}),
      ...(searches === undefined ? {} : { searchUnits: searches }),
    },
  };
}

/** JSON, and what names no type, goes through; anything else becomes an error of Cohere's shape. */
function cohereError({ headers }: ResponseHead, body: Uint8Array): ClientResponse {
  const contentType = headers.get('content-type');
  if (contentType === undefined || (isJsonType(contentType) && isJsonObjectText(body))) return {};
  return {
    body: Buffer.from(JSON.stringify({ message: Buffer.from(body).toString('utf8') })),
    sets: [{ name: 'content-type', value: 'application/json' }],
  };
}
