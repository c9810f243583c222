import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fault, TokenServer } from '../../../../test/harness/token-servers/token-server.js';
import { failureOf, told, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';
import { Redacted } from '../../../shared/secret.js';
import type { ExchangeRequest } from '../exchange.js';

type Kind = ExchangeRequest['kind'];
interface Step {
  readonly step: string;
  readonly kind: Kind;
  readonly server: (world: TokenWorld) => TokenServer;
  readonly path: RegExp;
  /** Codes of 400, 401, 403, 429, 500. */
  readonly codes: readonly [string, string, string, string, string];
}

const OAUTH = ['invalid_request', 'invalid_client', 'access_denied', 'http_429', 'http_500'] as const;
const GOOGLE = ['invalid_grant', 'invalid_client', 'unauthorized_client', 'http_429', 'http_500'] as const;
const IAM = ['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'INTERNAL'] as const;
const STS = ['InvalidIdentityToken', 'InvalidClientTokenId', 'AccessDenied', 'Throttling', 'InternalFailure'] as const;
const ENTRA = ['AADSTS900144', 'AADSTS7000222', 'AADSTS900144', 'http_429', 'http_500'] as const;
const IMDS = ['invalid_request', 'unknown', 'unknown', 'unknown', 'unknown'] as const;

/** Every call of every kind of exchange. */
const STEPS: readonly Step[] = [
  { step: 'oidc-discovery', kind: 'aws-web-identity', server: ({ oidc }) => oidc, path: /well-known/, codes: OAUTH },
  { step: 'oidc-token', kind: 'azure-federated', server: ({ oidc }) => oidc, path: /token$/, codes: OAUTH },
  { step: 'aws-sts', kind: 'aws-web-identity', server: ({ sts }) => sts, path: /^/, codes: STS },
  { step: 'azure-token', kind: 'azure-client-secret', server: ({ entra }) => entra, path: /^/, codes: ENTRA },
  { step: 'azure-token', kind: 'azure-federated', server: ({ entra }) => entra, path: /^/, codes: ENTRA },
  { step: 'azure-token', kind: 'azure-ambient', server: ({ managed }) => managed, path: /^/, codes: IMDS },
  { step: 'gcp-token', kind: 'gcp-service-account', server: ({ google }) => google, path: /^\/token/, codes: GOOGLE },
  { step: 'gcp-sts', kind: 'gcp-federated', server: ({ google }) => google, path: /^\/v1\/token/, codes: GOOGLE },
  { step: 'gcp-iam', kind: 'gcp-federated', server: ({ google }) => google, path: /generateAccessToken/, codes: IAM },
];

const STATUSES = [400, 401, 403, 429, 500] as const;
const FAULTS: readonly (readonly [Fault, string])[] = [
  [{ kind: 'malformed' }, 'malformed_answer'],
  [{ kind: 'body', body: '' }, 'malformed_answer'],
  [{ kind: 'body', body: 'null' }, 'malformed_answer'],
  [{ kind: 'body', body: '["PLANTED"]' }, 'malformed_answer'],
  [{ kind: 'body', body: '{"PLANTED":1}' }, 'malformed_answer'],
  [{ kind: 'body', body: '<html>PLANTED-login page</html>' }, 'malformed_answer'],
  [{ kind: 'silent' }, 'timeout'],
  [{ kind: 'stalled' }, 'timeout'],
  [{ kind: 'reset' }, 'connection_reset'],
  [{ kind: 'huge' }, 'answer_too_large'],
];

describe('createExchange', () => {
  let world: TokenWorld;
  beforeEach(async () => {
    world = await new TokenWorld().start();
  });
  afterEach(() => world.close());

  /** `deadline` ends the exchange as soon as the step is reached. */
  async function failed({ server, path, kind }: Step, fault: Fault, deadline?: Error | DOMException) {
    const ended = new AbortController();
    let met = 0;
    Object.assign(server(world), { fault, faultPath: path });
    server(world).onFault = () => {
      met += 1;
      if (deadline) ended.abort(deadline);
    };
    const error = await failureOf(world.run(world.requests()[kind], {}, ended.signal));
    expect(met).toBeGreaterThan(0);
    return error;
  }
  const TIMEOUT = new DOMException('too late', 'TimeoutError');

  describe.each(STEPS)('$step of $kind', (step) => {
    it.each(STATUSES.map((status, index) => [status, step.codes[index]]))(
      'gives the code of the provider and nothing else of it when it answers %i',
      async (status, code) => {
        const error = await failed(step, { kind: 'status', status: Number(status) });
        expect({ step: error.step, code: error.code }).toEqual({ step: step.step, code });
        expect(error.message).toContain(String(status));
        expect(error.hint).toMatch(/^[A-Z].{20,}$/);
        expect(told(error, world.secrets())).toEqual([]);
        expect(error.retryAfterMs).toBeUndefined();
      },
    );

    it.each(FAULTS)('names the fault when it is %j', async (fault, code) => {
      // Metadata documents of any content but their issuer are an issuer's business.
      const mismatch = step.step === 'oidc-discovery' && fault.kind === 'body' && fault.body.startsWith('{');
      const waits = fault.kind === 'silent' || fault.kind === 'stalled';
      const error = await failed(step, fault, waits ? TIMEOUT : undefined);
      expect({ step: error.step, code: error.code }).toEqual({
        step: step.step,
        code: mismatch ? 'issuer_mismatch' : code,
      });
      expect(error.hint).toMatch(/^[A-Z].{20,}$/);
      expect(told(error, world.secrets())).toEqual([]);
    });

    it.each([
      ['120', 120_000],
      ['Sat, 21 Nov 2026 10:01:30 GMT', 90_000],
      ['99999999', 86_400_000],
      ['soon', undefined],
    ])('tells when to come back when the provider says Retry-After %s', async (retryAfter, ms) => {
      const error = await failed(step, { kind: 'status', status: 429, retryAfter });
      expect(error.retryAfterMs).toBe(ms);
    });

    it.each(['two words', 'x'.repeat(65), '<b>', '\u0000', ''])('drops a code that is no word (%j)', async (code) => {
      const failure = await failed(step, { kind: 'status', status: 418, body: refusalWith(step.step, code) });
      expect(failure.code).toBe('http_418');
    });

    it('ends at once when its signal does', async () => {
      const error = await failed(step, { kind: 'silent' }, new Error('PLANTED reason'));
      expect({ step: error.step, code: error.code }).toEqual({ step: step.step, code: 'cancelled' });
      expect(told(error, world.secrets())).toEqual([]);
    });
  });

  it.each(['S3cret', 'unknown_S3cret'])(
    'drops a code when the provider puts the client secret into it (%s)',
    async (code) => {
      const clientSecret = new Redacted('S3cret');
      world.entra.fault = { kind: 'status', status: 400, body: `{"error":"${code}"}` };
      const azure = await failureOf(world.run({ ...world.requests()['azure-client-secret'], clientSecret }));
      world.oidc.fault = { kind: 'status', status: 400, body: `{"error":"${code}"}` };
      world.oidc.faultPath = /token$/;
      const oidc = world.oidcRequest({ clientSecret });
      const aws = await failureOf(world.run(world.requests(oidc)['aws-web-identity']));
      expect([azure.code, aws.code]).toEqual(['http_400', 'http_400']);
      expect([...told(azure, ['S3cret']), ...told(aws, ['S3cret'])]).toEqual([]);
    },
  );

  it('drops a code when it is a piece of the token that was sent', async () => {
    await world.run(world.requests()['aws-web-identity']);
    const piece = world.oidc.issued[0]?.slice(0, 40) ?? '';
    world.sts.fault = { kind: 'status', status: 400, body: refusalWith('aws-sts', piece) };
    const error = await failureOf(world.run(world.requests()['aws-web-identity']));
    expect(error.code).toBe('http_400');
    expect(told(error, [piece])).toEqual([]);
  });

  it('never sends a credential to where a provider redirects', async () => {
    const step = STEPS[3]!;
    const error = await failed(step, { kind: 'redirect', to: `${world.sts.origin}/elsewhere` });
    expect(error.code).toBe('redirected');
    expect(world.sts.requests).toEqual([]);
  });

  it('says timeout when the deadline of the whole exchange ends it', async () => {
    world.entra.fault = { kind: 'silent' };
    const error = await failureOf(world.run(world.requests()['azure-client-secret'], {}, AbortSignal.timeout(50)));
    expect({ code: error.code, step: error.step }).toEqual({ code: 'timeout', step: 'azure-token' });
  });
});

/** A refusal in the words of the step with this code. */
function refusalWith(step: string, code: string): string {
  if (step === 'aws-sts') return `<ErrorResponse><Error><Code>${code}</Code></Error></ErrorResponse>`;
  return JSON.stringify({ error: step === 'gcp-iam' ? { status: code } : code });
}
