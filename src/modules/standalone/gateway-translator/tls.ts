import {
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
  type CertificateValidationContextSchema,
  type SubjectAltNameMatcherSchema,
  type TlsCertificateSchema,
} from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { TlsVersion } from '../../../shared/api/envoy-gateway.js';
import type { KeyPair } from './certificates.js';
import { extension, type Init } from './extension.js';

const TLS_SOCKET = 'envoy.transport_sockets.tls';

/** Trusted authorities: a bundle in a file, PEM text, or none (the certificate is not verified). */
export type TrustedCa = { readonly filename: string } | { readonly pem: string } | 'none';

export interface SubjectName {
  readonly type: 'DNS' | 'URI' | 'IP_ADDRESS';
  readonly value: string;
}

/** TLS towards one backend, resolved. */
export interface UpstreamTls {
  readonly ca: TrustedCa;
  /** Absent: the hostname of the endpoint. */
  readonly serverName?: string;
  /** Any one of them must be in the certificate. Empty: the server name must. */
  readonly subjectNames: readonly SubjectName[];
  readonly clientKeyPair?: KeyPair;
  readonly alpnProtocols?: readonly string[];
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
}

export function upstreamTlsSocket(tls: UpstreamTls) {
  return extension(TLS_SOCKET, UpstreamTlsContextSchema, {
    sni: tls.serverName ?? '',
    autoHostSni: tls.serverName === undefined,
    autoSniSanValidation: tls.ca !== 'none' && tls.subjectNames.length === 0,
    commonTlsContext: {
      tlsParams: {
        tlsMinimumProtocolVersion: PROTOCOLS[tls.minVersion ?? '1.2'],
        tlsMaximumProtocolVersion: PROTOCOLS[tls.maxVersion ?? '1.3'],
      },
      alpnProtocols: [...(tls.alpnProtocols ?? [])],
      tlsCertificates: tls.clientKeyPair ? [tlsCertificate(tls.clientKeyPair)] : [],
      ...(tls.ca === 'none'
        ? {}
        : { validationContextType: { case: 'validationContext', value: validation(tls.ca, tls.subjectNames) } }),
    },
  });
}

/**
 * Default socket of a cluster whose endpoints all have TLS matches. It is never used, but Envoy wants one that can do
 * ALPN before it lets the cluster choose the HTTP version; the name is Envoy Gateway's.
 * @see spec extension-server.md section 11
 */
export const placeholderSocket = () => extension('dummy.transport_socket', UpstreamTlsContextSchema, {});

export const downstreamTlsSocket = (keyPairs: readonly KeyPair[]) =>
  extension(TLS_SOCKET, DownstreamTlsContextSchema, {
    commonTlsContext: {
      tlsParams: {
        tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2,
        tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
      },
      alpnProtocols: ['h2', 'http/1.1'],
      tlsCertificates: keyPairs.map(tlsCertificate),
    },
  });

const PROTOCOLS: Readonly<Record<TlsVersion, TlsParameters_TlsProtocol>> = {
  Auto: TlsParameters_TlsProtocol.TLS_AUTO,
  '1.0': TlsParameters_TlsProtocol.TLSv1_0,
  '1.1': TlsParameters_TlsProtocol.TLSv1_1,
  '1.2': TlsParameters_TlsProtocol.TLSv1_2,
  '1.3': TlsParameters_TlsProtocol.TLSv1_3,
};

const tlsCertificate = (pair: KeyPair): Init<typeof TlsCertificateSchema> => ({
  certificateChain: { specifier: { case: 'inlineString', value: pair.certificate } },
  privateKey: { specifier: { case: 'inlineString', value: pair.privateKey } },
});

const validation = (
  ca: Exclude<TrustedCa, 'none'>,
  names: readonly SubjectName[],
): Init<typeof CertificateValidationContextSchema> => ({
  trustedCa: {
    specifier: 'pem' in ca ? { case: 'inlineString', value: ca.pem } : { case: 'filename', value: ca.filename },
  },
  matchTypedSubjectAltNames: names.map(({ type, value }): Init<typeof SubjectAltNameMatcherSchema> => ({
    sanType: SubjectAltNameMatcher_SanType[type],
    matcher: { matchPattern: { case: 'exact', value } },
  })),
});
