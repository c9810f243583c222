import { isIP } from 'node:net';
import { UserFacingError } from '../../../shared/errors.js';

/** Where a provider listens, taken apart for a Backend and a schema. @see spec ops.md A3, "Base URL" */
export interface BaseUrl {
  /** IPv6 without brackets. */
  readonly hostname: string;
  readonly isIp: boolean;
  readonly port: number;
  readonly isTls: boolean;
  /** Path without slashes at its ends; absent when it is the schemas' own default `v1`, or empty. */
  readonly prefix?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { https: 443, http: 80 };

/** Throws UserFacingError in the words of the reference. Never repeats the URL: it may hold a credential. */
export function parseBaseUrl(text: string): BaseUrl {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)/.exec(text);
  if (!parts || !parts[2]) throw new UserFacingError('invalid base URL: missing hostname');
  const scheme = parts[1]!.toLowerCase();
  const hostname = parts[2].replace(/^\[|\]$/g, '');
  const port = parts[3] === undefined ? DEFAULT_PORTS[scheme] : Number(parts[3]);
  if (port === undefined) throw new UserFacingError(`invalid base URL: unsupported scheme "${scheme}"`);
  if (port < 1 || port > 65_535) throw new UserFacingError(`invalid base URL: port ${port} is not from 1 to 65535`);
  const prefix = parts[4]!.replace(/^\/+|\/+$/g, '');
  return {
    hostname,
    isIp: isIP(hostname) !== 0,
    port,
    isTls: scheme === 'https',
    ...(prefix === '' || prefix === 'v1' ? {} : { prefix }),
  };
}
