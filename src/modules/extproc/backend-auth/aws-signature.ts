import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { HeaderSet } from '../header-set.js';
import type { AWSCredentials } from './aws-credentials.js';
import type { SigningScope } from './aws-endpoint.js';

export interface RequestToSign {
  readonly method: string;
  /** As `host` will be on the wire. */
  readonly host: string;
  /** `:path` as it will be on the wire: escaped, with query. */
  readonly path: string;
  readonly body: Uint8Array;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** A backend has one endpoint host as a rule, and with it one scope. */
const KEYS_MAX = 16;

/**
 * Signs requests with Signature Version 4. Signed are `host`, `x-amz-date` and `x-amz-security-token`, nothing else: Envoy
 * may frame the body anew. Keys hold for a day, a region and a service, so they are kept for the credentials of the moment
 * (X56). @see spec extproc.md 18.1
 */
export class AWSSigner {
  readonly #keys = new Map<string, KeyObject>();
  #credentials: AWSCredentials | undefined;

  /** Headers that authenticate the request at `unixMs`. */
  sign(request: RequestToSign, credentials: AWSCredentials, scope: SigningScope, unixMs: number): HeaderSet[] {
    const time = amzDate(unixMs);
    const date = time.slice(0, 8);
    const { sessionToken } = credentials;
    const token = sessionToken?.reveal();
    const scopeText = `${date}/${scope.region}/${scope.service}/aws4_request`;
    const signedHeaders = token === undefined ? 'host;x-amz-date' : 'host;x-amz-date;x-amz-security-token';
    const canonicalRequest =
      `${request.method}\n${canonicalTarget(request.path)}\nhost:${request.host}\nx-amz-date:${time}\n` +
      `${token === undefined ? '' : `x-amz-security-token:${token}\n`}\n${signedHeaders}\n${sha256(request.body)}`;
    const signature = createHmac('sha256', this.#key(credentials, scope, date, scopeText))
      .update(`${ALGORITHM}\n${time}\n${scopeText}\n${sha256(canonicalRequest)}`)
      .digest('hex');
    const authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    const sets = [
      { name: 'authorization', value: authorization },
      { name: 'x-amz-date', value: time },
    ];
    if (token !== undefined) sets.push({ name: 'x-amz-security-token', value: token });
    return sets;
  }

  #key(credentials: AWSCredentials, { region, service }: SigningScope, date: string, scopeText: string): KeyObject {
    if (credentials !== this.#credentials || this.#keys.size >= KEYS_MAX) {
      this.#keys.clear();
      this.#credentials = credentials;
    }
    let key = this.#keys.get(scopeText);
    if (key === undefined) {
      const secret = createSecretKey(`AWS4${credentials.secretAccessKey.reveal()}`, 'utf8');
      key = [date, region, service, 'aws4_request'].reduce(derivedKey, secret);
      this.#keys.set(scopeText, key);
    }
    return key;
  }
}

/** As a key object: given bytes, `createHmac` takes seven times as long. */
const derivedKey = (key: KeyObject, text: string): KeyObject =>
  createSecretKey(createHmac('sha256', key).update(text).digest());
const sha256 = (data: string | Uint8Array): string => hash('sha256', data, 'hex');

/** `YYYYMMDDTHHMMSSZ`, UTC. */
function amzDate(unixMs: number): string {
  const iso = new Date(unixMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/** The lines of path and query in a canonical request. */
function canonicalTarget(target: string): string {
  const question = target.indexOf('?');
  if (question < 0) return `${canonicalPath(target)}\n`;
  return `${canonicalPath(target.slice(0, question))}\n${canonicalQuery(target.slice(question + 1))}`;
}

/** Escaped once more than on the wire, as every service but S3 wants it, without empty and dot segments. */
function canonicalPath(path: string): string {
  const normal = /\/\.{0,2}(?:\/|$)/.test(path) ? withoutDotSegments(path) : path;
  return PLAIN_PATH.test(normal) ? normal : normal.split('/').map(escapeText).join('/');
}

const PLAIN_PATH = /^[A-Za-z0-9\-._~/]*$/;

function withoutDotSegments(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const isFolder = path.endsWith('/') && segments.length > 0;
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}

/** Sorted by escaped name, then value: not by the joined text, in which `a1=` is before `a=`. A plus sign is a blank. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  return Array.from(new URLSearchParams(query), ([name, value]) => [escapeText(name), escapeText(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => byCodeUnit(nameA, nameB) || byCodeUnit(valueA, valueB))
    .map((pair) => pair.join('='))
    .join('&');
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** RFC 3986, 2.3: all but unreserved characters. */
const escapeText = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
