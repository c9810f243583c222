import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { playStream } from '../../../../../../test/harness/cell.js';
import {
  DONE,
  ENCRYPTED,
  START,
  USAGE,
  args,
  call,
  choice,
  eventsIn,
  finalOf,
  finish,
  play,
  reasoning,
  signature,
  startResponse,
  text,
  typesOf,
  type Json,
} from '../../../../../../test/harness/responses-answer.js';
import { scriptedStream } from '../../../../../../test/harness/scripted-chat-backend.js';
import type { ChatEvent } from '../chat/chat-result.js';

const EVENT = fc.oneof(
  fc.constantFrom<ChatEvent>(
    START,
    { kind: 'role', choice },
    { kind: 'keep-alive' },
    signature('s'),
    { kind: 'thinking-block', choice, block: { type: 'redacted_thinking', data: 'ZGF0YQ==' } },
    USAGE,
    finish('stop'),
    finish('length'),
    DONE,
    { kind: 'error', error: { type: 'x', message: 'y', status: 500 } },
    { kind: 'refusal', choice, text: 'no' },
    { kind: 'annotations', choice, annotations: [{ type: 'url_citation', url_citation: { url: 'u' } }] },
    { kind: 'images', choice, images: [{ image_url: { url: 'data:image/png;base64,AAAA' } }] },
    { kind: 'extras', choice, extras: { safety_ratings: [] } },
  ),
  fc.string({ unit: 'grapheme' }).map(text),
  fc.string().map(reasoning),
  fc
    .tuple(fc.nat(2), fc.constantFrom('shell', 'f'), fc.constantFrom('', '{}', '{"a":'))
    .map(([i, n, a]) => call(i, n, a)),
  fc.tuple(fc.nat(2), fc.constantFrom('1}', '{"input":"', 'ls"}')).map(([i, a]) => args(i, a)),
);

describe('laws of the stream of a converted response', () => {
  const request = { ...ENCRYPTED, tools: [{ type: 'custom', name: 'shell' }] };

  it('has one final event, one open item at a time and items as told, whatever the provider says', () => {
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 14 }), (events) => {
        const told = eventsIn(play(events, request).text.replaceAll(': keep-alive\n\n', ''));
        expect(typesOf(told).slice(0, 2)).toEqual(['created', 'in_progress']);
        const ends = told.filter(({ type }) => /^response\.(completed|incomplete|failed)$/.test(String(type)));
        expect(ends).toEqual([told.at(-1)]);
        const done = told.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
        // Every event of an item carries its index: in the order of the items, each from added to done.
        const items = told.filter((event) => event['output_index'] !== undefined);
        const runs = done.map((_, index) => items.filter((event) => event['output_index'] === index));
        expect(runs.flat()).toEqual(items);
        for (const run of runs) {
          const isEdge = ({ type }: Json) => /output_item\.(added|done)$/.test(String(type));
          expect(run.filter(isEdge)).toEqual([run[0], run.at(-1)]);
          expect(typesOf([run[0]!, run.at(-1)!])).toEqual(['output_item.added', 'output_item.done']);
        }
        expect(finalOf(told).output).toEqual(done);
      }),
    );
  });

  it('is the same however the bytes of the provider are cut', () => {
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 6 }), (events, cuts) => {
        const bytes = scriptedStream(events);
        const offsets = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
        const chunks = [0, ...offsets].map((from, index) => bytes.subarray(from, offsets[index]));
        expect(playStream(startResponse(request), chunks).text).toBe(playStream(startResponse(request), [bytes]).text);
      }),
    );
  });
});
