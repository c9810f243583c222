import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { GoogleGenAI, type GenerateContentConfig, type GenerateContentParameters } from '@google/genai';
import type { GeminiRequest, GenerationConfig } from './wire.js';

/*
 * What we send is what Google's own SDK would send: it copies the members that it knows one by one, so a member of ours that
 * is misspelt or in the wrong place would be missing from its request.
 */

/** Compiles only while all members of our configuration are members of the SDK's, too. */
type UnknownMember = Exclude<keyof GenerationConfig, keyof GenerateContentConfig>;
const hasNoUnknownMember: [UnknownMember] extends [never] ? true : false = true;

/** Body of the last request. */
let sent: unknown;

/** Keeps what the SDK sends; nothing leaves the process. */
const client = new GoogleGenAI({
  vertexai: true,
  apiKey: 'no-key',
  apiVersion: 'v1',
  httpOptions: {
    fetch(_, init) {
      sent = JSON.parse(init?.body as string);
      return Promise.resolve(Response.json({ candidates: [] }));
    },
  },
});

/** Our body as the SDK's parameters: its enums are words of ours. */
function parametersOf({ contents, generationConfig, ...rest }: GeminiRequest): GenerateContentParameters {
  const config = { ...generationConfig, ...rest } as unknown as GenerateContentConfig;
  return { model: 'gemini', contents: contents as GenerateContentParameters['contents'], config };
}

/** The SDK writes the types of Gemini's own schema in capitals; the server takes both. */
function withCapitalTypes(body: GeminiRequest): unknown {
  const responseSchema = body.generationConfig?.responseSchema;
  if (responseSchema === undefined) return body;
  const text = JSON.stringify(responseSchema).replaceAll(
    /"type":"\w+"/g,
    (type) => `"type":${type.slice(7).toUpperCase()}`,
  );
  return { ...body, generationConfig: { ...body.generationConfig, responseSchema: JSON.parse(text) as unknown } };
}

function goldenBodies(endpoint: string): readonly (readonly [string, GeminiRequest])[] {
  const folder = fileURLToPath(new URL(`../../testdata/${endpoint}/GCPVertexAI/`, import.meta.url));
  return readdirSync(folder)
    .filter((name) => /^request-.*\.out\.json$/.test(name))
    .map((name) => [name, (JSON.parse(readFileSync(folder + name, 'utf8')) as { body?: GeminiRequest }).body] as const)
    .flatMap(([name, body]) => (body?.contents === undefined ? [] : [[name, body] as const]));
}

describe.each(['chat-completions', 'messages'])('requests of %s', (endpoint) => {
  const cases = goldenBodies(endpoint);

  it.each(cases)('are what the SDK sends for the golden case %s', async (_, body) => {
    await client.models.generateContent(parametersOf(body));
    expect(sent).toEqual(withCapitalTypes(body));
  });

  it('are many, and no member of their configuration is unknown to the SDK', () => {
    expect(cases.length).toBeGreaterThan(8);
    expect(hasNoUnknownMember).toBe(true);
  });
});

describe('requests of tokenize', () => {
  it.each(goldenBodies('tokenize'))('are what the SDK sends for the golden case %s', async (_, body) => {
    const { contents, ...rest } = body;
    await client.models.countTokens({
      model: 'gemini',
      contents: contents as GenerateContentParameters['contents'],
      config: rest as object,
    });
    expect(sent).toEqual(body);
  });
});

describe('requests for images', () => {
  const cases = goldenBodies('images-generations');

  it.each(cases)('are what the SDK sends for the golden case %s', async (_, body) => {
    await client.models.generateContent(parametersOf(body));
    expect(sent).toEqual(body);
  });

  it('are several', () => {
    expect(cases.length).toBeGreaterThan(2);
  });
});
