import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { HttpRequest } from '@smithy/protocol-http';
import aws4 from 'aws4';
import * as fc from 'fast-check';
import { Redacted } from '../../../shared/secret.js';
import type { AWSCredentials } from './aws-credentials.js';
import { AWSSigner, type RequestToSign } from './aws-signature.js';

const NOW_MS = Date.UTC(2026, 7, 21, 23, 59, 58, 999);
const SCOPE = { service: 'bedrock', region: 'us-east-1' };
const STATIC: AWSCredentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Redacted('wJalr/+EXAMPLEKEY') };
const TEMPORARY: AWSCredentials = { ...STATIC, sessionToken: new Redacted('session/token+==') };

const request = (more: Partial<RequestToSign> = {}): RequestToSign => ({
  method: 'POST',
  host: 'bedrock-runtime.us-east-1.amazonaws.com',
  path: '/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse',
  body: Buffer.from('{"messages":[]}'),
  ...more,
});

type Headers = Record<string, string>;
const own = (asked: RequestToSign, credentials: AWSCredentials, scope = SCOPE, unixMs = NOW_MS): Headers =>
  Object.fromEntries(new AWSSigner().sign(asked, credentials, scope, unixMs).map(({ name, value }) => [name, value]));

const timeOf = (unixMs: number) => new Date(unixMs).toISOString().replace(/[-:]|\.\d{3}/g, '');

function byAws4(asked: RequestToSign, credentials: AWSCredentials, scope = SCOPE, unixMs = NOW_MS): Headers {
  const { headers } = aws4.sign(
    {
      ...scope,
      method: asked.method,
      host: asked.host,
      path: asked.path,
      body: Buffer.from(asked.body) as never,
      headers: { Host: asked.host, 'X-Amz-Date': timeOf(unixMs) },
      extraHeadersToIgnore: { 'content-length': true, 'content-type': true },
    } as aws4.Request,
    {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      ...(credentials.sessionToken && { sessionToken: credentials.sessionToken.reveal() }),
    },
  );
  return picked(headers as Headers);
}

async function bySmithy(
  asked: RequestToSign,
  credentials: AWSCredentials,
  scope = SCOPE,
  unixMs = NOW_MS,
): Promise<Headers> {
  const signer = new SignatureV4({
    ...scope,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      ...(credentials.sessionToken && { sessionToken: credentials.sessionToken.reveal() }),
    },
    sha256: Sha256,
    applyChecksum: false,
  });
  const [path, query = ''] = asked.path.split(/\?(.*)/s);
  const pairs = new URLSearchParams(query);
  const signed = await signer.sign(
    new HttpRequest({
      method: asked.method,
      hostname: asked.host,
      path: path!,
      query: Object.fromEntries([...new Set(pairs.keys())].map((name) => [name, pairs.getAll(name)])),
      headers: { host: asked.host },
      body: asked.body,
    }),
    { signingDate: new Date(unixMs) },
  );
  return picked(signed.headers);
}

/** Adapter of Node's hashes to the interface that the SDK asks for. */
class Sha256 {
  readonly #hash;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    throw new Error('not used');
  }
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);

function picked(headers: Headers): Headers {
  const names = ['authorization', 'x-amz-date', 'x-amz-security-token'];
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lower.filter(([name]) => names.includes(name)));
}

const withoutSignature = (authorization: string | undefined) => authorization?.replace(/Signature=[0-9a-f]{64}$/, '');

describe('AWSSigner', () => {
  it('signs host, date and session token, and nothing else', () => {
    const headers = own(request(), TEMPORARY);
    expect(Object.keys(headers)).toEqual(['authorization', 'x-amz-date', 'x-amz-security-token']);
    expect(withoutSignature(headers['authorization'])).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260821/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, ',
    );
    expect(headers['x-amz-date']).toBe('20260821T235958Z');
    expect(headers['x-amz-security-token']).toBe('session/token+==');
  });

  it('sets no token when there is none', () => {
    const headers = own(request(), STATIC);
    expect(Object.keys(headers)).toEqual(['authorization', 'x-amz-date']);
    expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-date, ');
  });

  it.each<[string, Partial<RequestToSign>, AWSCredentials]>([
    ['a model', {}, STATIC],
    ['temporary credentials', {}, TEMPORARY],
    ['an ARN as model', { path: '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprofile%2Fx/converse-stream' }, STATIC],
    ['an unescaped colon', { path: '/model/a:0/invoke' }, STATIC],
    ['reserved characters', { path: "/model/a!b'c(d)e*f@g=h,i/invoke" }, STATIC],
    ['a query, sorted', { path: '/openai/v1/responses?b=2&a=1&a=0&%C3%A4=%2F+x%20y&empty=' }, STATIC],
    ['names of which one begins with the other', { path: '/x?a1=1&a=1' }, STATIC],
    ['a question mark without query', { path: '/x?' }, STATIC],
    ['the root', { path: '/' }, STATIC],
    ['empty and dot segments', { path: '/a//b/./c/../d/' }, STATIC],
    ['an empty body', { body: new Uint8Array() }, STATIC],
    ['a GET', { method: 'GET', body: new Uint8Array() }, STATIC],
    ['another host', { host: 'vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com' }, STATIC],
  ])('agrees with two other implementations for %s', async (_, more, credentials) => {
    const asked = request(more);
    const signed = own(asked, credentials);
    expect(signed).toEqual(byAws4(asked, credentials));
    expect(signed).toEqual(await bySmithy(asked, credentials));
  });

  it('agrees with two other implementations whatever is signed', async () => {
    const unreserved = fc.string({
      unit: fc.constantFrom(...'abcXYZ019-._~:@!$()*+,;=%2F%3A'.split('')),
      minLength: 1,
    });
    // Half an escape is no path, and the others do not agree on it.
    const segment = unreserved.map((text) => text.replaceAll('%', '%25'));
    const pair = fc.tuple(segment, segment).map(([name, value]) => [name, value].map(encodeURIComponent).join('='));
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(pair, { maxLength: 4, selector: (text) => text.split('=')[0] }),
        fc.uint8Array({ maxLength: 64 }),
        fc.record({ region: fc.constantFrom('us-east-1', 'eu-north-1'), service: fc.constantFrom('bedrock', 'x') }),
        fc.integer({ min: 0, max: 4e12 }),
        fc.boolean(),
        async (segments, query, body, scope, unixMs, isTemporary) => {
          const path = `/${segments.join('/')}${query.length > 0 ? `?${query.join('&')}` : ''}`;
          const asked = request({ path, body });
          const credentials = isTemporary ? TEMPORARY : STATIC;
          const signed = own(asked, credentials, scope, unixMs);
          expect(signed).toEqual(byAws4(asked, credentials, scope, unixMs));
          expect(signed).toEqual(await bySmithy(asked, credentials, scope, unixMs));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same as a new signer while credentials, days, regions and services change under it', () => {
    const signer = new AWSSigner();
    const steps = fc.record({
      credentials: fc.constantFrom(STATIC, TEMPORARY, { ...STATIC, secretAccessKey: new Redacted('other') }),
      region: fc.integer({ min: 0, max: 30 }).map((n) => `region-${n}`),
      service: fc.constantFrom('bedrock', 'bedrock-mantle'),
      unixMs: fc.constantFrom(NOW_MS, NOW_MS + 1000, NOW_MS + 86_400_000),
    });
    fc.assert(
      fc.property(steps, ({ credentials, unixMs, ...scope }) => {
        const sets = signer.sign(request(), credentials, scope, unixMs);
        expect(sets).toEqual(new AWSSigner().sign(request(), credentials, scope, unixMs));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, Partial<RequestToSign>]>([
    ['host', { host: 'localhost' }],
    ['method', { method: 'GET' }],
    ['path', { path: '/model/other/converse' }],
    ['body', { body: Buffer.from('{}') }],
  ])('gives another signature for another %s', (_, more) => {
    expect(own(request(more), STATIC)['authorization']).not.toBe(own(request(), STATIC)['authorization']);
  });

  it('signs a path that is not well-formed text without failing', () => {
    expect(own(request({ path: '/\ud800?\ud800=%' }), STATIC)['authorization']).toMatch(/Signature=[0-9a-f]{64}$/);
  });
});
