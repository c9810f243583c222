import { describe, expect, it } from '@jest/globals';
import { responseHead } from '../../../../test/harness/cell.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { missingAnswer, needsBody } from './missing-answer.js';

const head = (contentType: string | undefined, status = 200, more: Readonly<Record<string, string>> = {}) =>
  responseHead(status, { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...more });

describe('missingAnswer', () => {
  it.each<[EndpointName, string]>([
    ['chat-completions', 'text/html'],
    ['speech', 'Text/HTML; charset=utf-8'],
    ['messages', 'application/xhtml+xml'],
  ])('tells of a page for people: %s, %s', (endpoint, type) => {
    const found = missingAnswer(endpoint, head(type), false);
    expect(found).toMatch(/^with (text\/html|application\/xhtml\+xml) in place of what its API gives$/);
  });

  it.each<[string, ReturnType<typeof head>, boolean]>([
    ['headers that end the stream', head('application/json'), true],
    ['a length of zero', head('text/event-stream', 200, { 'content-length': '0' }), false],
    ['an unknown type', head(undefined), true],
    ['another type', head('text/plain'), true],
    ['status 201', head('application/json', 201), true],
  ])('tells of an empty body: %s', (_, found, endOfStream) => {
    expect(missingAnswer('chat-completions', found, endOfStream)).toBe('with an empty body');
  });

  it.each<[string, EndpointName, ReturnType<typeof head>, boolean]>([
    ['JSON', 'chat-completions', head('application/json'), false],
    ['events', 'messages', head('text/event-stream'), false],
    ['a type that nobody knows', 'chat-completions', head('x/y'), false],
    ['text that is no page', 'embeddings', head('text/htmlx'), false],
    ['no content', 'chat-completions', head(undefined, 204), true],
    ['reset content', 'rerank', head(undefined, 205), true],
    ['the audio of nothing', 'speech', head('audio/mpeg'), true],
    ['the text of silence', 'transcriptions', head('text/plain'), true],
  ])('leaves alone what may be an answer: %s', (_, endpoint, found, endOfStream) => {
    expect(missingAnswer(endpoint, found, endOfStream)).toBeUndefined();
  });
});

describe('needsBody', () => {
  it.each<[EndpointName, string | undefined, boolean]>([
    ['chat-completions', 'application/json', true],
    ['chat-completions', 'x/y', true],
    ['speech', 'audio/mpeg', false],
    ['speech', 'application/json', true],
    ['speech', 'text/event-stream', true],
    ['speech', undefined, true],
  ])('for %s of type %s is %p', (endpoint, type, expected) => {
    expect(needsBody(endpoint, head(type))).toBe(expected);
  });
});
