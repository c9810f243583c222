/** Bundles of the usual systems: Debian, Red Hat, OpenSUSE, Alpine, macOS. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Bundle of the certificate authorities that this machine trusts; `SSL_CERT_FILE` wins. */
export const systemCaPath = (
  env: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean,
): string | undefined => env['SSL_CERT_FILE'] || BUNDLES.find((path) => exists(path));
