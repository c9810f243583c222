import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { CASE_HEADER } from './case-id.js';

type Headers = Readonly<Record<string, string>>;

/** The official SDKs as clients of a gateway, without retries, under one case of the test upstreams. */
export const openaiClient = (gateway: { readonly baseUrl: string }, caseId: string, headers: Headers = {}): OpenAI =>
  new OpenAI({
    baseURL: `${gateway.baseUrl}/v1`,
    apiKey: 'PLANTED-client-key',
    maxRetries: 0,
    defaultHeaders: { [CASE_HEADER]: caseId, ...headers },
  });

export const anthropicClient = (
  gateway: { readonly baseUrl: string },
  caseId: string,
  headers: Headers = {},
): Anthropic =>
  new Anthropic({
    baseURL: `${gateway.baseUrl}/anthropic`,
    apiKey: 'PLANTED-client-key',
    maxRetries: 0,
    defaultHeaders: { [CASE_HEADER]: caseId, ...headers },
  });
