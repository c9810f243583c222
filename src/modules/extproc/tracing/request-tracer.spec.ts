import { describe, expect, it } from '@jest/globals';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { CHAT_HEADERS, type HeaderPairs } from '../../../../test/harness/extproc-world.js';
import { PLAIN_CONVENTION, TracedWorld } from '../../../../test/harness/traced-world.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** What is done to the headers of a request; its span ends because its client leaves. */
async function route(world: TracedWorld, headers: HeaderPairs = {}, body = '{"model":"m"}') {
  const router = world.stream('router');
  await router.headers('requestHeaders', { ...CHAT_HEADERS, ...headers });
  const answer = (await router.body('requestBody', body))!;
  router.close();
  return { answer, sets: answer.setMap, span: world.span };
}

describe('RequestTracer', () => {
  it('continues the trace of the client', async () => {
    const { sets, span, answer } = await route(new TracedWorld(), { traceparent: PARENT, tracestate: 'a=1' });
    expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' });
    expect([sets['traceparent'], sets['tracestate']]).toEqual([`00-${TRACE_ID}-${span!.spanId}-01`, 'a=1']);
    expect(answer.removes).toEqual([]);
    const overwrites =
      answer.message.response.case === 'requestBody' ? answer.message.response.value.response : undefined;
    expect(new Set(overwrites?.headerMutation?.setHeaders.map(({ appendAction }) => appendAction))).toEqual(
      new Set([2]),
    );
  });

  it.each([
    ['no trace', {}, []],
    ['a trace that does not parse', { traceparent: 'x', tracestate: 'a=1' }, ['tracestate']],
  ])('begins a trace for a client with %s', async (_, headers, removes) => {
    const { sets, span, answer } = await route(new TracedWorld(), headers);
    expect(span?.parentSpanId).toBeUndefined();
    expect(sets['traceparent']).toBe(`00-${span!.traceId}-${span!.spanId}-01`);
    expect(answer.removes).toEqual(removes);
  });

  it('leaves baggage alone, also one that it cannot read', async () => {
    const { sets, answer } = await route(new TracedWorld(), { baggage: ';' });
    expect(sets).not.toHaveProperty('baggage');
    expect(answer.removes).toEqual([]);
  });

  it.each([
    ['the parent is not sampled', new TracedWorld(), { traceparent: PARENT.replace(/01$/, '00') }],
    ['the sampler says no', new TracedWorld({ sampler: new AlwaysOffSampler() }), {}],
  ])('hands the context on and looks at nothing else when %s', async (_, world, headers) => {
    const { sets, span } = await route(world, headers);
    expect(span).toBeUndefined();
    expect(sets['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it('does not ask the convention about an unsampled request', async () => {
    let asked = 0;
    const convention = {
      ...PLAIN_CONVENTION,
      start: (request: Parameters<typeof PLAIN_CONVENTION.start>[0]) => (asked++, PLAIN_CONVENTION.start(request)),
    };
    const world = new TracedWorld({ convention, sampler: new AlwaysOffSampler() });
    const before = asked;
    await route(world);
    expect(asked).toBe(before);
  });

  it('records mapped headers, empty ones too', async () => {
    const headerAttributes = new Map([
      ['agent-session-id', 'session.id'],
      ['x-empty', 'empty'],
      ['x-absent', 'absent'],
    ]);
    const { span } = await route(new TracedWorld({ headerAttributes }), { 'agent-session-id': 's', 'x-empty': '' });
    expect(span?.attributes).toMatchObject({ 'session.id': 's', empty: '' });
    expect(span?.attributes).not.toHaveProperty('absent');
  });

  it('shows the convention what the client sent, and not what is forced', async () => {
    const world = new TracedWorld({ config: { globalLLMRequestCosts: [{ metadataKey: 'k', type: 'TotalToken' }] } });
    const body = '{"model":"m","stream":true}';
    const { span } = await route(world, {}, body);
    expect(span?.attributes).toMatchObject({ body, document: body });
  });

  it.each([
    ['null', '{}'],
    [`{"model":"m","x":${'['.repeat(600)}${']'.repeat(600)}}`, '{}'],
  ])('gives a document without members for a body that is not built', async (body, document) => {
    expect((await route(new TracedWorld(), {}, body)).span?.attributes['document']).toBe(document);
  });

  it.each([
    ['does not parse', '{', '{}'],
    ['is of another shape', '{"messages":7,"model":{}}', '{"messages":7,"model":{}}'],
    ['is nested too deep', '{"model":'.repeat(20_000), '{}'],
  ])('records a request that is refused because its body %s', async (_, body, document) => {
    const headerAttributes = new Map([['agent-session-id', 'session.id']]);
    const world = new TracedWorld({ headerAttributes });
    const { answer, span } = await route(world, { traceparent: PARENT, 'agent-session-id': 's' }, body);
    expect(answer.localReply?.status).toBe(400);
    expect(span).toMatchObject({ name: 'plain chat-completions', traceId: TRACE_ID, status: { code: 2 } });
    expect(span?.attributes).toEqual({ model: '', body, document, 'session.id': 's', failure: '400 undefined' });
    expect(span?.events).toMatchObject([{ name: 'failed', attributes: { body: answer.body } }]);
    expect(world.tracingLogs).toEqual([]);
  });

  it('records nothing of a refused request that is not sampled', async () => {
    const { answer, span } = await route(new TracedWorld({ sampler: new AlwaysOffSampler() }), {}, '{');
    expect([answer.localReply?.status, span]).toEqual([400, undefined]);
  });

  it('goes on without attributes when the convention fails', async () => {
    let calls = 0;
    const convention = {
      ...PLAIN_CONVENTION,
      start: (request: Parameters<typeof PLAIN_CONVENTION.start>[0]) => {
        if (calls++ > 0) throw new Error('defect');
        return PLAIN_CONVENTION.start(request);
      },
    };
    const { answer, span } = await route(new TracedWorld({ convention }));
    expect(answer.setMap['x-ai-eg-model']).toBe('m');
    expect(span?.name).toBe('chat-completions');
  });
});
