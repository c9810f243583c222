import { isIP } from 'node:net';
import { UserFacingError } from '../../../shared/errors.js';
import { patterns } from '../resources/validation/patterns.js';

interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Where a provider listens, taken apart for a Backend and a schema. @see spec ops.md A3, "Base URL" */
export interface BaseUrl {
  /** In lower case; IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Path without slashes at its ends; absent when it is the schemas' own default `v1`, or empty. */
  readonly prefix?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { https: 443, http: 80 };

/** Throws UserFacingError in the words of the reference. Never repeats the URL: it may hold a credential. */
export function parseBaseUrl(text: string): BaseUrl {
  const parts = splitUrl(text);
  if (!parts) throw new UserFacingError('invalid base URL: missing hostname');
  const { scheme, hostname } = parts;
  const port = parts.port ?? DEFAULT_PORTS[scheme];
  if (port === undefined) throw new UserFacingError(`invalid base URL: unsupported scheme "${scheme}"`);
  const fault = addressFault({ hostname, port });
  if (fault !== undefined) throw new UserFacingError(`invalid base URL: ${fault}`);
  const prefix = parts.path.replace(/^\/+|\/+$/g, '');
  return {
    hostname,
    port,
    isTls: scheme === 'https',
    ...(prefix === '' || prefix === 'v1' ? {} : { prefix }),
  };
}

export interface UrlParts {
  /** In lower case. */
  readonly scheme: string;
  /** In lower case; IPv6 without brackets. */
  readonly hostname: string;
  /** As written, so that the default port of a scheme is told from none. */
  readonly port?: number;
  readonly path: string;
}

/** User, query and fragment are left out. Undefined when there is no scheme or no host. */
export function splitUrl(text: string): UrlParts | undefined {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)/.exec(text);
  if (!parts || !parts[2]) return undefined;
  const hostname = parts[2].replace(/^\[|\]$/g, '').toLowerCase();
  return {
    scheme: parts[1]!.toLowerCase(),
    hostname,
    ...(parts[3] === undefined ? {} : { port: Number(parts[3]) }),
    path: parts[4]!,
  };
}

const HOST_NAME = new RegExp(patterns.subdomain);

/** Why no Backend can have the address. @see spec api.md section 2, P-DNS-SUB */
export function addressFault({ hostname, port }: Address): string | undefined {
  if (port < 1 || port > 65_535) return `port ${port} is not from 1 to 65535`;
  if (isIP(hostname) !== 0 || HOST_NAME.test(hostname)) return undefined;
  return `host name "${hostname}" has other characters than letters, digits, dashes and dots`;
}

/** The endpoint of a Backend. */
export const backendEndpoint = ({ hostname, port }: Address): object =>
  isIP(hostname) === 0 ? { fqdn: { hostname, port } } : { ip: { address: hostname, port } };
