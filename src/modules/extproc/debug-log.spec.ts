import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import {
  CHAT_HEADERS,
  ExtprocWorld,
  StreamUnderTest,
  backendIdentity,
  buildBackend,
} from '../../../test/harness/extproc-world.js';
import { recordLine } from '../../../test/harness/recording.js';
import type { CallFactory, CallPeer } from '../../platform/grpc/call.js';
import { attributes } from '../../shared/headers.js';
import { Redacted } from '../../shared/secret.js';
import { withDebugLog } from './debug-log.js';
import { StreamSession } from './stream-session.js';
import { encodeAnswer } from './wire/processing-response.js';

const SECRETS = {
  authorization: 'Bearer SECRET-1',
  'x-aigw-api-key': 'SECRET-2',
  cookie: 'c=SECRET-3',
  'x-team-token': 'SECRET-6',
  'x-team-gcp': 'SECRET-9',
  'x-old': 'SECRET-10',
  ':path': `${CHAT_HEADERS[':path']}?key=SECRET-7`,
};
const BODY = '{"model":"m","messages":[{"role":"user","content":"PROMPT"}]}';
const ANSWER = '{"model":"m","choices":[{"message":{"content":"ANSWER"}}]}';

interface Line {
  readonly msg: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

const loggerOf = (lines: Line[], level = 'debug') =>
  pino(
    { level, base: null, timestamp: false },
    {
      write(line) {
        recordLine(line);
        lines.push(JSON.parse(line) as Line);
      },
    },
  );

function start(redactsBodies: boolean, level = 'debug') {
  const world = new ExtprocWorld({
    backends: [
      buildBackend('a', {
        auth: {
          apiKey: { key: new Redacted('SECRET-4') },
          credentialOverride: {
            headerName: 'X-Team-Gcp',
            inputHeadersToRemove: ['x-old'],
            fallbackToConfigured: true,
          },
        },
        httpHeaderMutation: { set: [{ name: 'X-Team', value: new Redacted('SECRET-8') }] },
        modelNameOverride: 'm2',
      }),
    ],
  });
  const lines: Line[] = [];
  const logger = loggerOf(lines, level);
  const plain: CallFactory = (peer, metadata) => new StreamSession(world.context, peer, metadata);
  const factory = withDebugLog(plain, {
    logger,
    redactsBodies,
    credentialInputs: () => world.config?.credentialInputs ?? new Set(),
  });
  const stream = (filter: string) => new StreamUnderTest(factory, filter);
  return { world, lines, plain, factory, stream };
}

/** A whole request with its attempts, each on the headers as the one before left them. */
async function play(redactsBodies: boolean, answer: string | Uint8Array = ANSWER, attemptCount = 1) {
  const run = start(redactsBodies);
  const router = run.stream('router');
  const headers: Record<string, string> = { ...CHAT_HEADERS, ...SECRETS };
  const named = (await router.headers('requestHeaders', headers))!;
  await router.body('requestBody', BODY);
  let found = { ...headers, ...named.setMap };
  for (let i = 0; i < attemptCount; i++) {
    const sent = await run.stream('upstream').headers('requestHeaders', found, {
      attributes: { 'envoy.filters.http.ext_proc': { [attributes.hostBackendName]: backendIdentity('a') } },
    });
    found = { ...found, ...sent!.setMap };
  }
  await router.headers('responseHeaders', { ':status': '200', 'set-cookie': 'SECRET-5', 'content-length': '9' });
  await router.body('responseBody', answer);
  return run.lines;
}

describe('withDebugLog', () => {
  it('gives the factory back when debug is off', () => {
    const { plain, factory } = start(false, 'info');
    expect(factory).toBe(plain);
  });

  it('logs each message and its answer with the request they belong to', async () => {
    const lines = await play(false);
    expect(
      lines.map(({ msg, kind, request_id: id, is_upstream_filter: isUpstream }) => [msg, kind, id, isUpstream]),
    ).toEqual([
      ['ext_proc message', 'requestHeaders', 'r1', false],
      ['ext_proc answer', 'requestHeaders', 'r1', false],
      ['ext_proc message', 'requestBody', 'r1', false],
      ['ext_proc answer', 'requestBody', 'r1', false],
      ['ext_proc message', 'requestHeaders', 'r1', true],
      ['ext_proc answer', 'requestHeaders', 'r1', true],
      ['ext_proc stream ended by us', undefined, 'r1', true],
      ['ext_proc message', 'responseHeaders', 'r1', false],
      ['ext_proc answer', 'responseHeaders', 'r1', false],
      ['ext_proc message', 'responseBody', 'r1', false],
      ['ext_proc answer', 'responseBody', 'r1', false],
      ['ext_proc stream ended by us', undefined, 'r1', false],
    ]);
    expect(lines[2]!['body']).toBe(BODY);
    expect(lines[5]).toMatchObject({
      sets: { ':path': '/v1/chat/completions', authorization: '[REDACTED]' },
      body: BODY.replace('"m"', '"m2"'),
    });
    expect(lines[9]!['body']).toBe(ANSWER);
  });

  it.each([true, false])('never shows a credential, redaction %p', async (redactsBodies) => {
    const text = JSON.stringify(await play(redactsBodies));
    expect(text).not.toContain('SECRET');
    expect(text).toContain('"authorization":"[REDACTED]"');
    expect(text).toContain('"set-cookie":"[REDACTED]"');
    expect(text).toContain('"x-team-token":"[REDACTED]"');
    expect(text).toContain(`"x-envoy-original-path":"${CHAT_HEADERS[':path']}?key=[REDACTED]"`);
  });

  it('never shows what a header mutation sets, also when the next attempt finds it on its request', async () => {
    const lines = await play(false);
    expect(lines[5]).toMatchObject({ sets: { 'x-team': '[REDACTED]' } });
    const later = await play(false, ANSWER, 2);
    const found = later.filter(({ msg, kind }) => msg === 'ext_proc message' && kind === 'requestHeaders');
    expect(found.map(({ headers }) => (headers as Record<string, string>)['x-team'])).toEqual([
      undefined,
      undefined,
      '[REDACTED]',
    ]);
    expect(JSON.stringify(later)).not.toContain('SECRET');
  });

  it('shows no text of a body when redaction is on', async () => {
    const lines = await play(true);
    const text = JSON.stringify(lines);
    expect(text).not.toContain('PROMPT');
    expect(text).not.toContain('ANSWER');
    const placeholder = expect.stringMatching(/^\[REDACTED LENGTH=\d+ HASH=[0-9a-f]{16}\]$/);
    expect(lines[2]!['body']).toEqual({ model: placeholder, messages: [{ role: placeholder, content: placeholder }] });
    expect(lines[5]!['body']).toEqual(placeholder);
    expect(lines[9]!['body']).toEqual(placeholder);
  });

  it.each([false, true])('shows the chunks of full duplex, redaction %p', (redactsBodies) => {
    const lines: Line[] = [];
    let answering: CallPeer | undefined;
    const kept: CallFactory = (logged) => {
      answering = logged;
      return { onMessage: () => {}, onEnd: () => {} };
    };
    withDebugLog(kept, { logger: loggerOf(lines), redactsBodies, credentialInputs: () => new Set() })(
      { send: () => {}, end: () => {} },
      {},
    );
    answering!.send(encodeAnswer('response_body', { streamedBody: { bytes: Buffer.from('ANSWER'), isLast: true } }));
    expect(lines.at(-1)).toMatchObject({ kind: 'responseBody', endOfStream: true });
    expect(JSON.stringify(lines.at(-1)).includes('ANSWER')).toBe(!redactsBodies);
  });

  it('shows what is no text by its size, and of long texts the beginning', async () => {
    const bytes = gzipSync(ANSWER);
    expect((await play(false, bytes))[9]!['body']).toBe(`(${bytes.length} bytes that are no text)`);
    expect((await play(false, 'x'.repeat(70_000)))[9]!['body']).toBe(`${'x'.repeat(65_536)}… (70000 bytes)`);
  });

  it.each([false, true])('logs an answer that the gateway gives itself, redaction %p', async (redactsBodies) => {
    const { stream, lines } = start(redactsBodies);
    await stream('router').headers('requestHeaders', { ...CHAT_HEADERS, ':method': 'GET' });
    expect(lines[1]).toMatchObject({
      kind: 'immediateResponse',
      status: 405,
      details: 'aigw_method_not_allowed',
      sets: { allow: 'POST' },
    });
    expect(JSON.stringify(lines[1]!['body']).includes('REDACTED')).toBe(redactsBodies);
  });

  it('changes nothing that is sent, also of what it cannot read', async () => {
    const { stream, lines } = start(true);
    const router = stream('router');
    expect(await router.bytes(Buffer.from([0x12, 5, 1]))).toBeUndefined();
    expect(router.ended).toEqual({ code: 13, message: 'malformed protobuf message: field 2 is cut' });
    expect(lines[0]).toEqual({ level: 20, kind: 'unreadable', msg: 'ext_proc message' });
  });
});
