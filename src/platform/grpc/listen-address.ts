import { UserFacingError } from '../../shared/errors.js';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Parses `host:port`, `:port`, `[v6]:port` or `unix://<path>`. @see spec extproc.md section 1.1, `extProcAddr` */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (path === '')
      throw new UserFacingError(`invalid address "${text}": the path of the socket is missing after unix://`);
    return { kind: 'unix', path };
  }
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d+)$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (!match || port > 65_535) {
    throw new UserFacingError(`invalid address "${text}": expected host:port, :port or unix://<path>`);
  }
  return { kind: 'tcp', host: match.groups?.['v6'] ?? match.groups?.['host'] ?? '', port };
}

/** The text that {@link parseListenAddress} reads. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
