import { createHash } from 'node:crypto';
import { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type ExchangedToken } from '../exchange.js';
import type { Call } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresAt } from './expiry.js';
import { type ErrorWords, malformed, refuseFailure, tokenOf } from './provider-answer.js';
import { parseXml, textAt } from './xml-element.js';

const STEP = 'aws-sts';
const API_VERSION = '2011-06-15';

export interface WebIdentityRole {
  /** Name of the policy, which CloudTrail shows. */
  readonly policy: string;
  readonly region: string;
  readonly roleArn: string;
}

/**
 * Temporary credentials of a role for a JWT that its trust policy accepts, as the text of a shared credentials file. No
 * duration is asked for: it is that of STS, an hour.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export async function assumeRoleWithWebIdentity(
  role: WebIdentityRole,
  token: Redacted<string>,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  const call: Call = {
    step: STEP,
    provider: 'AWS STS',
    method: 'POST',
    url: stsUrl(role.region, context),
    headers: { accept: 'text/xml', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: API_VERSION,
      RoleArn: role.roleArn,
      RoleSessionName: sessionName(role.policy),
      WebIdentityToken: token.reveal(),
    }).toString(),
    secrets: [token],
  };
  const answer = await context.send.aws(call, signal);
  refuseFailure(call, answer, STS_WORDS, context.now());
  const root = parseXml(answer.text);
  const member = (name: string) => textAt(root, 'AssumeRoleWithWebIdentityResult', 'Credentials', name);
  const accessKeyId = tokenOf(member('AccessKeyId'));
  const secretAccessKey = tokenOf(member('SecretAccessKey'));
  const sessionToken = member('SessionToken');
  if (root?.name !== 'AssumeRoleWithWebIdentityResponse' || !accessKeyId || !secretAccessKey) {
    throw malformed(call, 'it holds no credentials');
  }
  if (sessionToken !== undefined && !tokenOf(sessionToken)) throw malformed(call, 'its session token is none');
  const settings = [
    ['aws_access_key_id', accessKeyId],
    ['aws_secret_access_key', secretAccessKey],
    ...(sessionToken ? [['aws_session_token', sessionToken]] : []),
    ['region', role.region],
  ];
  const text = `[default]\n${settings.map(([name, value]) => `${name} = ${value}\n`).join('')}`;
  return {
    data: { credentials: new Redacted(text) },
    expiresAt: expiresAt(member('Expiration'), answer, call, context.now()),
  };
}

/** Of STS. The names that Kubernetes allows hold only characters that it allows too. */
const SESSION_NAME_LENGTH_MAX = 64;
const HASH_LENGTH = 12;

/** `ai-gateway-<policy>`; a longer one is cut and ends with a hash of the whole. @see spec controller.md section 19, row 35 */
export function sessionName(policy: string): string {
  const name = `ai-gateway-${policy}`;
  if (name.length <= SESSION_NAME_LENGTH_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, SESSION_NAME_LENGTH_MAX - HASH_LENGTH - 1)}-${hash}`;
}

/** Of the partition by the region's prefix, longest first. @see https://docs.aws.amazon.com/general/latest/gr/sts.html */
const DNS_SUFFIXES = [
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eusc-', 'amazonaws.eu'],
  ['cn-', 'amazonaws.com.cn'],
] as const;

/** `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL` of the controller replace the regional endpoint, as in the SDKs. */
function stsUrl(region: string, { environment }: ExchangeContext): URL {
  if (!/^[a-z0-9-]{1,64}$/.test(region)) {
    throw misconfigured('awsCredentials.region is no region', 'Set it to such as us-east-1.');
  }
  const name = ['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'].find((name) => environment[name]);
  const suffix = DNS_SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  const url = URL.parse(name ? (environment[name] ?? '') : `https://sts.${region}.${suffix}/`);
  if (url) return url;
  throw misconfigured(`${name} of the controller is no URL`, 'Correct it or take it out.');
}

const misconfigured = (why: string, hint: string) =>
  new ExchangeError(`cannot call AWS STS: ${why}`, STEP, 'misconfigured', hint);

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const STS_WORDS: ErrorWords = {
  codeOf: (answer) => textAt(parseXml(answer.text), 'Error', 'Code'),
  hints: {
    AccessDenied:
      'The trust policy of the role refuses the token: check its conditions on audience and subject, and awsRoleArn.',
    ExpiredTokenException:
      'The OIDC token has expired: let the provider issue tokens that live a few minutes at least.',
    IDPCommunicationError:
      'AWS cannot reach the issuer to fetch its keys: its discovery document and JWKS must be public.',
    IDPRejectedClaim: 'AWS refuses the token: check its audience and subject against the IAM identity provider.',
    InvalidIdentityToken:
      'Add the issuer as IAM identity provider; the access token must be a JWT of that issuer and audience.',
    ValidationError: 'AWS refuses a parameter: check awsRoleArn.',
    RegionDisabledException: 'STS is not enabled in this region: enable it or choose another awsCredentials.region.',
    Throttling: 'AWS asks for fewer calls: it is tried again later.',
  },
};
