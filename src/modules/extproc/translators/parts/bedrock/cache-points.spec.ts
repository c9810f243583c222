import { describe, expect, it } from '@jest/globals';
import { startCell } from '../../../../../../test/harness/cell.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';
import { withLastCachePoints, type ConversePrompt } from './cache-points.js';
import { Receipt } from '../../receipt.js';

const POINT = { cachePoint: { type: 'default' } } as const;
const LASTING = { cachePoint: { type: 'default', ttl: '1h' } } as const;
const tool = (name: string) => ({ toolSpec: { name, inputSchema: { json: { type: 'object' } } } });
const user = (...content: ConversePrompt['messages'][number]['content']) => ({ role: 'user' as const, content });

const kept = (prompt: ConversePrompt) => {
  const receipt = new Receipt();
  return { prompt: withLastCachePoints(prompt, receipt), dropped: receipt.dropped };
};

describe('withLastCachePoints', () => {
  it('leaves four alone', () => {
    const prompt = {
      toolConfig: { tools: [tool('f'), POINT] },
      system: [{ text: 's' }, POINT],
      messages: [user({ text: 'a' }, POINT), user({ text: 'b' }, LASTING)],
    };
    expect(kept(prompt)).toEqual({ prompt, dropped: [] });
  });

  it('keeps the last four, in the order tools, system, messages, and tells that others are gone', () => {
    const found = kept({
      toolConfig: { tools: [tool('f'), POINT, tool('g'), LASTING], toolChoice: { any: {} } },
      system: [{ text: 's' }, POINT, { text: 't' }, LASTING],
      messages: [user({ text: 'a' }, POINT), user({ text: 'b' }, LASTING), user({ text: 'c' }, POINT)],
    });
    expect(found).toEqual({
      prompt: {
        toolConfig: { tools: [tool('f'), tool('g')], toolChoice: { any: {} } },
        system: [{ text: 's' }, { text: 't' }, LASTING],
        messages: [user({ text: 'a' }, POINT), user({ text: 'b' }, LASTING), user({ text: 'c' }, POINT)],
      },
      dropped: ['cache_control'],
    });
  });
});

const marked = (text: string) => ({ type: 'text', text, cache_control: { type: 'ephemeral' } });
const POINTS_MAX = 4;

describe.each<[EndpointName, object]>([
  ['chat-completions', {}],
  ['messages', { max_tokens: 9 }],
  ['tokenize', {}],
])('%s → AWSBedrock', (endpoint, members) => {
  it.each([
    [4, []],
    [6, ['cache_control']],
  ])('sends at most four cache points of %i markers', (count, dropped) => {
    const content = Array.from({ length: count }, (_, index) => marked(`part ${index}`));
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...members });
    const { request } = startCell(endpoint, 'AWSBedrock', { body });
    const text = Buffer.from(request.body!).toString();
    expect(text.split('"cachePoint"').length - 1).toBe(POINTS_MAX);
    expect(text).toMatch(new RegExp(`part ${count - 1}"},{"cachePoint":{"type":"default"}}\\]`));
    expect(request.dropped).toEqual(dropped);
  });
});
