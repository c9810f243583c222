import type { Backend } from '../../../shared/api/envoy-gateway.js';
import type { BackendTLSPolicy, LocalObjectReference } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, type KubeObject } from '../../../shared/api/kube-object.js';
import { isCertificateBundle } from './certificates.js';
import { isIpAddress } from './ip-address.js';
import { findKeyPair } from './key-pairs.js';
import { findLocalText } from './secret-data.js';
import type { SubjectName, TrustedCa, UpstreamTls } from './tls.js';
import type { Translation } from './translate-options.js';

/**
 * TLS of a Backend out of its own `tls` and of the BackendTLSPolicy that targets it, which wins. `plain` when neither
 * asks for TLS; undefined when TLS is asked for and cannot be had, so that nothing is sent unverified.
 */
export function resolveBackendTls(translation: Translation, backend: Backend): UpstreamTls | 'plain' | undefined {
  const policy = policyOf(translation, backend);
  const own = backend.spec.tls;
  if (!policy && !own) return 'plain';
  const ca = policy ? caOfPolicy(translation, policy) : caOfBackend(translation, backend);
  if (ca === undefined) return undefined;
  const reference = own?.clientCertificateRef;
  const clientKeyPair = reference && findKeyPair(translation, backend, 'spec.tls.clientCertificateRef', reference);
  if (reference && !clientKeyPair) return undefined;
  return {
    ca,
    ...expectedNames(backend, policy),
    ...(clientKeyPair ? { clientKeyPair } : {}),
    ...(own?.alpnProtocols ? { alpnProtocols: own.alpnProtocols } : {}),
    ...(own?.minVersion ? { minVersion: own.minVersion } : {}),
    ...(own?.maxVersion ? { maxVersion: own.maxVersion } : {}),
  };
}

function policyOf({ world, faults }: Translation, backend: Backend): BackendTLSPolicy | undefined {
  const age = ({ metadata }: KubeObject) => `${metadata.creationTimestamp ?? '~'} ${metadata.name}`;
  const [first, ...others] = world
    .list<BackendTLSPolicy>(kinds.backendTLSPolicy)
    .filter(
      ({ metadata, spec }) =>
        (metadata.namespace ?? '') === (backend.metadata.namespace ?? '') &&
        spec.targetRefs.some(
          ({ group, kind, name }) =>
            group === kinds.backend.group && kind === kinds.backend.kind && name === backend.metadata.name,
        ),
    )
    .toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
  for (const other of others) {
    faults.error(
      other,
      'spec.targetRefs',
      'Conflicted',
      `${displayName(backend)} already has ${displayName(first!)}: remove one of the two`,
    );
  }
  return first;
}

function caOfPolicy(translation: Translation, policy: BackendTLSPolicy): TrustedCa | undefined {
  const { caCertificateRefs = [], wellKnownCACertificates } = policy.spec.validation;
  return authorities(translation, policy, 'spec.validation', caCertificateRefs, wellKnownCACertificates);
}

function caOfBackend(translation: Translation, backend: Backend): TrustedCa | undefined {
  const { caCertificateRefs = [], wellKnownCACertificates, insecureSkipVerify } = backend.spec.tls ?? {};
  if (insecureSkipVerify === true) return 'none';
  return authorities(translation, backend, 'spec.tls', caCertificateRefs, wellKnownCACertificates);
}

function authorities(
  translation: Translation,
  owner: KubeObject,
  path: string,
  references: readonly LocalObjectReference[],
  wellKnown: string | undefined,
): TrustedCa | undefined {
  const { faults, options } = translation;
  if (references.length === 0) {
    if (wellKnown && wellKnown !== 'System') {
      const at = `${path}.wellKnownCACertificates`;
      faults.error(owner, at, 'UnsupportedValue', `"${wellKnown}" is not supported: use System or caCertificateRefs`);
      return undefined;
    }
    if (options.systemCaPath !== undefined) return { filename: options.systemCaPath };
    faults.error(
      owner,
      `${path}.wellKnownCACertificates`,
      'SystemCaNotFound',
      'this machine has no bundle of certificate authorities: install ca-certificates, or use caCertificateRefs',
    );
    return undefined;
  }
  const bundles: string[] = [];
  for (const [index, reference] of references.entries()) {
    const at = `${path}.caCertificateRefs[${index}]`;
    const pem = findLocalText(translation, owner, at, reference, 'ca.crt', 'none');
    if (pem === undefined) return undefined;
    if (!isCertificateBundle(pem)) {
      const name = `${reference.kind} ${owner.metadata.namespace ?? ''}/${reference.name}`;
      faults.error(owner, at, 'InvalidCACertificateRef', `ca.crt of ${name} is not a list of PEM certificates`);
      return undefined;
    }
    bundles.push(pem.trim());
  }
  return { pem: `${bundles.join('\n')}\n` };
}

/** Server name to send and names to find in the certificate. */
function expectedNames(
  backend: Backend,
  policy: BackendTLSPolicy | undefined,
): Pick<UpstreamTls, 'serverName' | 'subjectNames'> {
  const explicit = policy?.spec.validation.hostname ?? backend.spec.tls?.sni;
  if (explicit !== undefined) {
    const alternatives = (policy?.spec.validation.subjectAltNames ?? []).map(
      ({ type, hostname = '', uri = '' }): SubjectName =>
        type === 'URI' ? { type: 'URI', value: uri } : { type: 'DNS', value: hostname },
    );
    // An IP address is no server name (RFC 6066 section 3), but a certificate may name it.
    const subjectNames = alternatives.length > 0 ? alternatives : [subjectName(explicit)];
    return isIpAddress(explicit) ? { serverName: '', subjectNames } : { serverName: explicit, subjectNames };
  }
  const endpoints = backend.spec.endpoints ?? [];
  const hosts = endpoints.flatMap(({ hostname, fqdn, ip }) => hostname ?? fqdn?.hostname ?? ip?.address ?? []);
  const subjectNames = [...new Set(hosts)].map(subjectName);
  return subjectNames.every(({ type }) => type === 'IP_ADDRESS') ? { serverName: '', subjectNames } : { subjectNames };
}

const subjectName = (value: string): SubjectName => ({ type: isIpAddress(value) ? 'IP_ADDRESS' : 'DNS', value });
