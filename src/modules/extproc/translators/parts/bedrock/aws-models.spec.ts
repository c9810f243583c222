import { fileURLToPath } from 'node:url';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { UserFacingError } from '../../../../../shared/errors.js';
import { startCell } from '../../../../../../test/harness/cell.js';
import { goldenCases } from '../../../../../../test/harness/golden.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';

/*
 * What we send must be what AWS's own SDK would send: its serializer writes only members that its models know, so that a
 * body which survives the way through it holds nothing else, in the right places.
 */

interface GoldenRequest {
  readonly kind: string;
  readonly body: unknown;
  readonly modelNameOverride?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
}

/** Blobs, which are base64 in JSON, as the SDK takes them. */
function withBlobs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBlobs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      (name === 'bytes' || name === 'redactedContent') && typeof member === 'string'
        ? Buffer.from(member, 'base64')
        : withBlobs(member),
    ]),
  );
}

interface SdkRequest {
  readonly path: string;
  readonly body: Uint8Array;
}

/** The request that the SDK would send. */
async function requestOfTheSdk(send: (client: BedrockRuntimeClient) => Promise<unknown>): Promise<SdkRequest> {
  let sent: SdkRequest | undefined;
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle(request: SdkRequest) {
        sent = request;
        throw new Error('nothing is sent');
      },
    },
  });
  await expect(send(client)).rejects.toThrow('nothing is sent');
  if (sent === undefined) throw new Error('the SDK made no request');
  return sent;
}

/** The body that the SDK sends. */
async function sentByTheSdk(path: string, body: object): Promise<unknown> {
  const input = { modelId: 'm', ...(withBlobs(body) as object) };
  const sent = await requestOfTheSdk((client) => sendTo(client, path, input));
  return JSON.parse(new TextDecoder().decode(sent.body));
}

function sendTo(client: BedrockRuntimeClient, path: string, input: object): Promise<unknown> {
  if (path.endsWith('/count-tokens')) return client.send(new CountTokensCommand(input as never));
  if (path.endsWith('/converse-stream')) return client.send(new ConverseStreamCommand(input as never));
  return client.send(new ConverseCommand(input as never));
}

/** Undefined when the request is refused. */
function started(endpoint: EndpointName, given: GoldenRequest) {
  try {
    return startCell(endpoint, 'AWSBedrock', {
      body: JSON.stringify(given.body),
      ...(given.modelNameOverride === undefined ? {} : { modelNameOverride: given.modelNameOverride }),
      ...(given.requestHeaders === undefined ? {} : { headers: given.requestHeaders }),
    }).request;
  } catch (error) {
    if (error instanceof UserFacingError) return undefined;
    throw error;
  }
}

const casesOf = (...endpoints: readonly EndpointName[]) =>
  endpoints.flatMap((endpoint) =>
    goldenCases(fileURLToPath(new URL(`../../testdata/${endpoint}/AWSBedrock`, import.meta.url))).flatMap(
      ({ name, inputText }) => {
        const given = parse(inputText) as GoldenRequest;
        const request = given.kind === 'request' ? started(endpoint, given) : undefined;
        return request ? [[endpoint, name, request] as const] : [];
      },
    ),
  );

describe('requests to Bedrock', () => {
  it.each(casesOf('chat-completions', 'messages', 'tokenize'))(
    '%s: %s is what the AWS SDK would send',
    async (_endpoint, _name, { path, body }) => {
      const ours = JSON.parse(Buffer.from(body!).toString()) as object;
      expect(await sentByTheSdk(path, ours)).toEqual(ours);
    },
  );

  it('are compared with a serializer that leaves out what it does not know', async () => {
    const sent = await sentByTheSdk('/converse', { messages: [{ role: 'user', content: [{ text: 'a' }], mine: 1 }] });
    expect(sent).toEqual({ messages: [{ role: 'user', content: [{ text: 'a' }] }] });
  });

  // A body of InvokeModel is the model's own: the SDK takes it as bytes.
  it.each(casesOf('embeddings', 'images-generations', 'rerank'))(
    '%s: %s calls the operation that the AWS SDK calls',
    async (_endpoint, _name, { path, body }) => {
      const modelId = decodeURIComponent(path.replace(/^\/model\/(.*)\/invoke$/, '$1'));
      const sent = await requestOfTheSdk((client) => client.send(new InvokeModelCommand({ modelId, body: body! })));
      expect(decodeURIComponent(sent.path)).toBe(decodeURIComponent(path));
      expect(Buffer.from(sent.body).equals(body!)).toBe(true);
    },
  );
});
