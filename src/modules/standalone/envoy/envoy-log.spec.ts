import { describe, expect, it } from '@jest/globals';
import { readEnvoyLine } from './envoy-log.js';

const at = (component: string, text: string) =>
  `[2026-11-21 03:44:26.143][9468][warning][${component}] [source/x/filesystem_subscription_impl.cc:64] ${text}`;

describe('readEnvoyLine', () => {
  it.each([
    [
      'a plain reason',
      'Filesystem config update rejected: Only a single wildcard domain is permitted in route r',
      'Only a single wildcard domain is permitted in route r',
    ],
    [
      'a reason behind a dump of the configuration',
      String.raw`Filesystem config update rejected: Error adding/updating listener(s) l: goo.gle/debugproto   \nname: "SECRET"\n: Proto constraint validation failed (X.StatPrefix: value length must be at least 1 characters)\n`,
      'Error adding/updating listener(s) l: Proto constraint validation failed (X.StatPrefix: value length must be at least 1 characters)',
    ],
    [
      'a dump without a reason that we know',
      String.raw`Filesystem config update rejected: bad: goo.gle/debugstr SECRET`,
      'bad',
    ],
    [
      'a file that is no configuration',
      'Filesystem config update failure: in /x/lds.json, Unable to parse JSON as proto (INVALID_ARGUMENT: no @type): {"key": "SECRET"}',
      'Unable to parse JSON as proto (INVALID_ARGUMENT: no @type) in /x/lds.json',
    ],
  ])('keeps only the reason of %s', (_, record, text) => {
    expect(readEnvoyLine(at('config', record))).toEqual({ kind: 'reason', text });
  });

  it('bounds a reason', () => {
    expect(readEnvoyLine(at('config', `Filesystem config update rejected: ${'x'.repeat(9_999)}`))?.text).toHaveLength(
      600,
    );
  });

  it('drops other warnings about the configuration', () => {
    expect(readEnvoyLine(at('config', 'Deprecated field'))).toBeUndefined();
  });

  it('passes everything else on', () => {
    const line = at('main', 'Filesystem config update rejected: x');
    expect(readEnvoyLine(line)).toEqual({ kind: 'plain', text: line });
    expect(readEnvoyLine('Segmentation fault')).toEqual({ kind: 'plain', text: 'Segmentation fault' });
  });
});
