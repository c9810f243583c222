import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { isCertificateBundle, keyPairProblem } from './certificates.js';

const text = readFileSync(join(import.meta.dirname, 'testdata/listeners.in.yaml'), 'utf8');
const [llm, other] = parseAllDocuments(text)
  .map((document) => document.toJS() as Secret)
  .filter(({ kind }) => kind === 'Secret')
  .map(({ stringData }) => ({ certificate: stringData!['tls.crt']!, privateKey: stringData!['tls.key']! }));

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('keyPairProblem', () => {
  it('finds nothing in a pair that belongs together', () => {
    expect(keyPairProblem(llm!)).toBeUndefined();
  });

  it.each([
    ['no certificate', { ...llm!, certificate: '' }, 'tls.crt is not a PEM certificate'],
    ['a key as certificate', { ...llm!, certificate: llm!.privateKey }, 'tls.crt is not a PEM certificate'],
    ['no key', { ...llm!, privateKey: 'x' }, 'tls.key is not an unencrypted PEM private key'],
    ['the key of another', { ...llm!, privateKey: other!.privateKey }, 'tls.key does not belong to tls.crt'],
    [
      'a short key',
      { ...llm!, privateKey: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey) },
      'tls.key has 1024 bits: use at least 2048',
    ],
    [
      'a key that Envoy does not take',
      { ...llm!, privateKey: pem(generateKeyPairSync('ed25519').privateKey) },
      'tls.key is of type ed25519: use RSA or ECDSA',
    ],
  ])('names the problem when there is %s', (_what, pair, problem) => {
    expect(keyPairProblem(pair)).toBe(problem);
  });
});

describe('isCertificateBundle', () => {
  it('is true for one and for two certificates', () => {
    expect(isCertificateBundle(llm!.certificate)).toBe(true);
    expect(isCertificateBundle(llm!.certificate + other!.certificate)).toBe(true);
  });

  it.each(['', 'x', llm!.privateKey, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'is false for anything else',
    (bundle) => {
      expect(isCertificateBundle(bundle)).toBe(false);
    },
  );
});
