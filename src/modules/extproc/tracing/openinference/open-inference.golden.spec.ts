import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { Attributes } from '@opentelemetry/api';
import { checkGolden, goldenCases } from '../../../../../test/harness/golden.js';
import { isJsonObject, parseJson, type JsonValue } from '../../codec/json-value.js';
import { parseMultipart } from '../../codec/multipart.js';
import { ENDPOINT_NAMES, type EndpointName } from '../../endpoints/endpoint.js';
import type { TracedAnswer, TracedRequest } from '../span-convention.js';
import { openInference } from './open-inference.js';

/** A case file: what a client sends, what it gets, and the environments in which both are recorded once more. */
interface Case {
  readonly endpoint: EndpointName;
  readonly model: string;
  readonly request?: unknown;
  readonly form?: readonly { readonly name: string; readonly filename?: string; readonly value: string }[];
  readonly answer?: unknown;
  readonly answerText?: string;
  readonly answerSizeBytes?: number;
  readonly variants: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const BOUNDARY = 'b0';

function formBody(fields: NonNullable<Case['form']>): Buffer {
  const parts = fields.map(({ name, filename, value }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`;
    return `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return Buffer.from(`${parts.join('')}--${BOUNDARY}--\r\n`);
}

function objectFrom(text: string) {
  const value: JsonValue = parseJson(text);
  if (!isJsonObject(value)) throw new Error(`a case needs JSON objects, found ${text}`);
  return value;
}

function tracedRequest({ endpoint, model, request, form }: Case): TracedRequest {
  const text = JSON.stringify(request ?? {});
  const body = form === undefined ? Buffer.from(text) : formBody(form);
  return {
    endpoint,
    model,
    isStreaming: false,
    body,
    form: form && parseMultipart(body, `multipart/form-data; boundary=${BOUNDARY}`),
    document: () => {
      if (form !== undefined) throw new Error('a form has no document');
      return objectFrom(text);
    },
  };
}

function tracedAnswer({ answer, answerText, answerSizeBytes }: Case): TracedAnswer {
  if (answerSizeBytes !== undefined) return { kind: 'binary', sizeBytes: answerSizeBytes };
  if (answerText !== undefined) return { kind: 'text', text: answerText };
  const text = JSON.stringify(answer);
  return { kind: 'json', document: objectFrom(text), text };
}

/** Attributes of both stages; one that both set has the answer's value. */
function recorded(given: Case, env: Readonly<Record<string, string>>) {
  const convention = openInference(env);
  const request = tracedRequest(given);
  const { name, attributes } = convention.start(request);
  return { name, request: attributes, answer: convention.answer(request, tracedAnswer(given)) };
}

function difference(before: Attributes, after: Attributes) {
  return {
    missing: Object.keys(before).filter((key) => !(key in after)),
    changed: Object.fromEntries(
      Object.entries(after).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])),
    ),
  };
}

const pretty = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

const CASES = goldenCases(fileURLToPath(new URL('testdata', import.meta.url)));
const given = (text: string) => JSON.parse(text) as Case;

describe('openInference', () => {
  it('has a case for every endpoint', () => {
    const covered = new Set(CASES.map(({ inputText }) => given(inputText).endpoint));
    expect(ENDPOINT_NAMES.filter((endpoint) => !covered.has(endpoint))).toEqual([]);
  });

  // The attributes, and for each environment what it takes out of them or changes.
  it.each(CASES)('records $name', ({ inputText, outputPath }) => {
    const input = given(inputText);
    const plain = recorded(input, {});
    const variants = Object.entries(input.variants).map(([name, env]) => {
      const { request, answer } = recorded(input, env);
      return [name, { request: difference(plain.request, request), answer: difference(plain.answer, answer) }];
    });
    checkGolden(outputPath('json'), pretty({ ...plain, variants: Object.fromEntries(variants) }));
    expect(Object.keys(plain.request)).toContain('openinference.span.kind');
  });
});
