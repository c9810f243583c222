import type { Claims } from './jwt.js';
import { type TokenAnswer, type TokenRequest, TokenServer, type TokenServerOptions } from './token-server.js';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** AWS STS: AssumeRoleWithWebIdentity of the Query API. */
export class StsServer extends TokenServer {
  constructor(
    /** The claims of a token that it trusts; by default every token counts. */
    readonly trusted: (token: string) => Claims | undefined = () => ({}),
    options: TokenServerOptions = {},
  ) {
    super(options);
  }

  protected override answer(request: TokenRequest): TokenAnswer {
    const { form } = request;
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity' || form.get('Version') !== '2011-06-15') {
      return this.#refused(400, 'InvalidAction');
    }
    const session = form.get('RoleSessionName') ?? '';
    const role = /^arn:aws[\w-]*:iam::(\d{12}):role\/(.+)$/.exec(form.get('RoleArn') ?? '');
    if (!role || !/^[\w+=,.@-]{2,64}$/.test(session)) return this.#refused(400, 'ValidationError');
    const claims = this.trusted(form.get('WebIdentityToken') ?? '');
    if (!claims) return this.#refused(400, 'InvalidIdentityToken');
    const expires = claims['exp'];
    if (typeof expires === 'number' && expires * 1000 <= this.now().getTime())
      return this.#refused(400, 'ExpiredTokenException');
    const arn = `arn:aws:sts::${role[1]}:assumed-role/${role[2]}/${session}`;
    return xml(
      200,
      `<AssumeRoleWithWebIdentityResponse xmlns="${NAMESPACE}">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>subject</SubjectFromWebIdentityToken>
    <Audience>client</Audience>
    <AssumedRoleUser>
      <Arn>${arn}</Arn>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:${session}</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>${this.issue('session/token+')}</SessionToken>
      <SecretAccessKey>${this.issue('secret/key+')}</SecretAccessKey>
      <Expiration>${this.end().toISOString().replace(/\.\d+/, '')}</Expiration>
      <AccessKeyId>${this.issue('ASIA')}</AccessKeyId>
    </Credentials>
    <Provider>provider</Provider>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`,
    );
  }

  protected override refusal(status: number): TokenAnswer {
    const codes: Readonly<Record<number, string>> = {
      400: 'InvalidIdentityToken',
      401: 'InvalidClientTokenId',
      403: 'AccessDenied',
      429: 'Throttling',
    };
    return this.#refused(status, codes[status] ?? 'InternalFailure');
  }

  #refused(status: number, code: string): TokenAnswer {
    const type = status < 500 ? 'Sender' : 'Receiver';
    const error = `<Type>${type}</Type><Code>${code}</Code><Message>PLANTED-message &amp; more</Message>`;
    return xml(
      status,
      `<ErrorResponse xmlns="${NAMESPACE}"><Error>${error}</Error><RequestId>c6104cbe-af31-11e0-8154-cbc7cc</RequestId></ErrorResponse>`,
    );
  }
}

const xml = (status: number, body: string): TokenAnswer => ({ status, contentType: 'text/xml', body });
