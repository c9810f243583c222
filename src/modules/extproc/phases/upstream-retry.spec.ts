import { describe, expect, it } from '@jest/globals';
import { CHAT_HEADERS, ExtprocWorld, backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';
import type { BackendConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';

const BODY = '{"model":"m","n":1.0}';
const apiKey = (key: string) => ({ apiKey: { key: new Redacted(key) } });

const worldOf = (...backends: BackendConfig[]) => new ExtprocWorld({ backends });
describe('a second attempt', () => {
  it('sends the original body whatever the backend changes', async () => {
    const world = worldOf(
      buildBackend('a', { modelNameOverride: 'x', httpBodyMutation: { remove: ['n'] } }),
      buildBackend('b'),
    );
    const request = await world.routed(BODY);
    await request.attempt(backendIdentity('a'));
    const second = await request.attempt(backendIdentity('b'));
    expect([second.body, second.replacesBody]).toEqual([BODY, true]);
    expect(second.metadata).toEqual({ backend_name: backendIdentity('b'), content_length: BODY.length });
  });

  it('blanks the receipt of the first one when it drops nothing itself', async () => {
    const world = worldOf(buildBackend('a', { schema: { name: 'AWSBedrock' } }), buildBackend('b'), buildBackend('c'));
    const request = await world.routed('{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":7}');
    const [first, second, third] = [
      await request.attempt(backendIdentity('a')),
      await request.attempt(backendIdentity('b')),
      await request.attempt(backendIdentity('c')),
    ];
    const receipts = [first, second, third].map(({ metadata }) => metadata?.['translation_dropped']);
    expect(receipts).toEqual(['seed', '', '']);
  });

  it('undoes what the first one did to the headers, and nothing else', async () => {
    const first: Partial<BackendConfig> = {
      auth: apiKey('of-a'),
      httpHeaderMutation: {
        set: [
          { name: 'x-set', value: new Redacted('a') },
          { name: 'x-new', value: new Redacted('a') },
        ],
        remove: ['x-removed'],
      },
    };
    const world = worldOf(
      buildBackend('a', first),
      buildBackend('b', { auth: { anthropicAPIKey: { key: new Redacted('of-b') } } }),
    );
    const headers = { ...CHAT_HEADERS, 'x-set': 'client', 'x-removed': 'client', 'x-kept': 'client' };
    const request = await world.routed(BODY, headers);
    await request.attempt(backendIdentity('a'));
    request.headers.set('traceparent', 'of another filter');
    await request.attempt(backendIdentity('b'));
    const {
      'x-ai-eg-model': _,
      'x-ai-eg-original-path': __,
      'x-ai-eg-internal-req-id': ___,
      ...seen
    } = Object.fromEntries(request.headers);
    expect(seen).toEqual({ ...headers, 'x-api-key': 'of-b', traceparent: 'of another filter' });
  });

  it('does not restore what its own backend sets or removes', async () => {
    const world = worldOf(
      buildBackend('a', { httpHeaderMutation: { set: [{ name: 'x-1', value: new Redacted('a') }], remove: ['x-2'] } }),
      buildBackend('b', { httpHeaderMutation: { set: [{ name: 'x-2', value: new Redacted('b') }], remove: ['x-1'] } }),
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, 'x-1': 'client', 'x-2': 'client' });
    await request.attempt(backendIdentity('a'));
    const second = await request.attempt(backendIdentity('b'));
    expect(second.setMap['x-2']).toBe('b');
    expect(request.headers.has('x-1')).toBe(false);
  });

  it('gives a client its credential back when its backend has none of its own', async () => {
    const world = worldOf(buildBackend('a', { auth: apiKey('of-a') }), buildBackend('b'));
    const request = await world.routed(BODY, { ...CHAT_HEADERS, authorization: 'client', 'x-api-key': 'client' });
    await request.attempt(backendIdentity('a'));
    await request.attempt(backendIdentity('b'));
    expect(request.headers.get('authorization')).toBe('client');
    expect(request.headers.get('x-api-key')).toBe('client');
  });

  it('is the one that counts; the first is counted as retried', async () => {
    const world = worldOf(buildBackend('a'), buildBackend('b', { modelNameOverride: 'm2' }));
    const request = await world.routed(BODY);
    await request.attempt(backendIdentity('a'));
    await request.attempt(backendIdentity('b'));
    await request.router.headers('responseHeaders', { ':status': '200', 'content-length': '2' });
    await request.router.body('responseBody', '{}');
    request.router.close();
    const metrics = await world.metrics();
    expect(metrics.sum('aigateway_extproc_retried_attempts_total')).toBe(1);
    expect(metrics.sum('gen_ai_server_request_duration_seconds_count')).toBe(1);
    expect(
      metrics.sum('gen_ai_server_request_duration_seconds_count', {
        gen_ai_request_model: 'm2',
        gen_ai_original_model: 'm',
      }),
    ).toBe(1);
  });

  it('logs header attributes of the client, not those that the first one set', async () => {
    const world = new ExtprocWorld(
      {
        backends: [
          buildBackend('a', { httpHeaderMutation: { set: [{ name: 'x-tenant', value: new Redacted('of-a') }] } }),
          buildBackend('b'),
        ],
      },
      { logHeaderAttributes: new Map([['x-tenant', 'tenant']]) },
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, 'x-tenant': 'client' });
    expect((await request.attempt(backendIdentity('a'))).metadata!['tenant']).toBe('of-a');
    expect((await request.attempt(backendIdentity('b'))).metadata!['tenant']).toBe('client');
  });
});
