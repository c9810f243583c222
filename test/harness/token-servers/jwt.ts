import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

export interface SigningKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const newSigningKey = (kid: string): SigningKey => ({
  kid,
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }),
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RS256. @see RFC 7519 */
export function signJwt(claims: Claims, key: SigningKey): string {
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: key.kid })}.${part(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

export interface DecodedJwt {
  readonly header: Claims;
  readonly claims: Claims;
}

/** Undefined unless it is an RS256 JWT that the key signed. */
export function verifyJwt(token: string, publicKey: KeyObject): DecodedJwt | undefined {
  const parts = token.split('.');
  const [header, claims, signature] = parts;
  if (parts.length !== 3 || !header || !claims || !signature) return undefined;
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return undefined;
  const decoded = { header: decode(header), claims: decode(claims) };
  return decoded.header['alg'] === 'RS256' ? decoded : undefined;
}

const decode = (text: string): Claims => JSON.parse(Buffer.from(text, 'base64url').toString());
