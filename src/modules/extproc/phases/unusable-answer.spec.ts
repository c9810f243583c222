import { describe, expect, it } from '@jest/globals';
import {
  FAILURE,
  FIRST_CHUNK,
  IDENTITY,
  JSON_TYPE,
  bodyOf,
  newWorld,
  recorded,
  respond,
  stream,
  trailersOf,
  whole,
} from '../../../../test/harness/extproc-responses.js';
import { CHAT_HEADERS, backendIdentity } from '../../../../test/harness/extproc-world.js';

const FAILED = { ...IDENTITY, error_type: '_OTHER', response_status_class: '2xx' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const EVENTS = { 'content-type': 'text/event-stream' };

const requestTo = async (path: string, body: string) => {
  const world = newWorld();
  const request = await world.routed(body, { ...CHAT_HEADERS, ':path': path });
  await request.attempt(backendIdentity('a'));
  return { request, world };
};

describe('a good status that is no answer', () => {
  it.each<[string, Readonly<Record<string, string>>, boolean, string]>([
    ['a page', HTML, false, 'text/html in place of what its API gives'],
    ['a page without a body', HTML, true, 'text/html in place of what its API gives'],
    ['a length of zero', { ...JSON_TYPE, 'content-length': '0' }, false, 'an empty body'],
    ['its end', JSON_TYPE, true, 'an empty body'],
  ])('is refused with its headers when they tell of %s', async (_, headers, endOfStream, reason) => {
    for (const { request, world } of [await whole(), await stream()]) {
      const answer = await respond(request, '200', headers, endOfStream);
      const message = `the provider behind backend ns/a answered with ${reason}`;
      expect(answer.localReply).toMatchObject({
        status: 502,
        details: 'aigw_unusable_answer',
        body: { error: { type: 'BadGateway', message } },
      });
      expect(answer.metadata).toEqual(FAILED);
      expect(await recorded(world)).toEqual(FAILURE);
    }
  });

  it.each([
    ['/v1/audio/speech', '{"model":"m","input":"x","voice":"y"}'],
    ['/v1/embeddings', '{"model":"m","input":"x"}'],
    ['/v1/completions', '{"model":"m","prompt":"x","stream":true}'],
  ])('is refused at %s', async (path, body) => {
    const { request } = await requestTo(path, body);
    expect((await respond(request, '200', HTML)).localReply).toMatchObject({ status: 502 });
  });

  it('is a failure with a body when it ends without one', async () => {
    const { request, world } = await whole();
    expect((await respond(request, '200', JSON_TYPE)).isEmpty).toBe(true);
    const answer = await bodyOf(request, '');
    expect(JSON.parse(answer.body!)).toMatchObject({ error: { type: 'BadGateway' } });
    expect(answer.sets).toEqual([
      [':status', '502'],
      ['content-type', 'application/json'],
      ['content-length', String(Buffer.byteLength(answer.body!))],
    ]);
    expect(answer.metadata).toEqual(FAILED);
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('is a stream with an error event when it is a stream of none', async () => {
    const { request, world } = await stream();
    await respond(request, '200', EVENTS);
    const answer = await bodyOf(request, '');
    expect(answer.body).toMatch(/^event: error\ndata: \{"type":"error","error":\{"type":"BadGateway",.*\}\}\n\n$/);
    expect(answer.sets).toEqual([]);
    expect(answer.metadata).toEqual(FAILED);
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('is a failure in log and metrics when trailers are all that comes', async () => {
    const { request, world } = await stream();
    await respond(request, '200', EVENTS);
    expect((await trailersOf(request)).metadata).toEqual(FAILED);
    expect(await recorded(world)).toEqual(FAILURE);
  });
});

describe('an answer that may be empty at its end', () => {
  it('is one when bytes came before', async () => {
    const { request, world } = await stream();
    await respond(request, '200', EVENTS);
    await bodyOf(request, FIRST_CHUNK, false);
    expect((await bodyOf(request, '')).body).toBeUndefined();
    expect((await recorded(world)).succeeded).toBe(1);
  });

  it.each([['/v1/audio/speech', '{"model":"m","input":"x","voice":"y"}', 'audio/mpeg']])(
    'is one when %s may give nothing',
    async (path, body, type) => {
      const { request, world } = await requestTo(path, body);
      await respond(request, '200', { 'content-type': type });
      expect((await bodyOf(request, '')).body).toBeUndefined();
      expect((await recorded(world)).succeeded).toBe(1);
    },
  );
});
