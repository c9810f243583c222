import { Redacted } from '../../../shared/secret.js';
import type { Call, Send } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresAt } from './expiry.js';
import { GOOGLE_WORDS } from './oauth-words.js';
import { callJson, malformed, tokenOf } from './provider-answer.js';

export const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

export interface GoogleToken {
  readonly value: Redacted<string>;
  readonly expiresAt: Date;
}

/** @see https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
export async function impersonate(
  target: { readonly email: string; readonly delegates?: readonly string[] },
  source: Redacted<string>,
  { send, context, signal }: { readonly send: Send; readonly context: ExchangeContext; readonly signal: AbortSignal },
): Promise<GoogleToken> {
  const email = target.email.split('@').map(encodeURIComponent).join('@');
  const call: Call = {
    step: 'gcp-iam',
    provider: 'Google IAM Credentials',
    method: 'POST',
    url: new URL(`${context.google.iamCredentials}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${source.reveal()}` },
    body: JSON.stringify({
      ...(target.delegates && target.delegates.length > 0 && { delegates: target.delegates }),
      scope: [CLOUD_PLATFORM],
      lifetime: '3600s',
    }),
    secrets: [source],
  };
  const { members, answer } = await callJson(send, call, GOOGLE_WORDS, context.now, signal);
  const token = tokenOf(members['accessToken']);
  if (!token) throw malformed(call, 'it holds no accessToken');
  return { value: new Redacted(token), expiresAt: expiresAt(members['expireTime'], answer, call, context.now()) };
}
