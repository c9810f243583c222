import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(
  ['openai'],
  ({ openai }) => ({
    routes: [
      { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
    ],
  }),
  {
    extprocFlags: ['-rootPrefix', '/gw', '-endpointPrefixes', 'openai:/oai,anthropic:', '-stripInternalHeaders'],
  },
);

describe('a processor with other settings', () => {
  it.each([
    ['/gw/oai/v1/chat/completions', 200],
    ['/v1/chat/completions', 404],
    ['/gw/v1/chat/completions', 404],
    ['/oai/v1/chat/completions', 404],
  ])('serves below its prefixes only: POST %s', async (path, status) => {
    expect((await world.gateway.send(path, { body: { model: 'gpt-x' } })).status).toBe(status);
  });

  it.each([
    ['/gw/oai/v1/models', 'object'],
    ['/gw/v1/models', 'has_more'],
  ])("gives each vendor's clients their model list: GET %s", async (path, member) => {
    expect((await world.gateway.send(path)).json()).toHaveProperty(member);
  });

  it('hides our headers from the provider when told to (X21)', async () => {
    const caseId = newCase('hidden');
    await world.gateway.send('/gw/oai/v1/chat/completions', { caseId, body: { model: 'gpt-x' } });
    const { headers, path } = world.upstreams.openai.request(caseId);
    expect(path).toBe('/v1/chat/completions');
    for (const name of ['x-ai-eg-model', 'x-ai-eg-original-path', 'x-ai-eg-upstream-host'])
      expect(headers).not.toHaveProperty(name);
  });
});
