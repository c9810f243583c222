import { describe, expect, it } from '@jest/globals';
import { CredentialSources, SYSTEM_CLOCK } from './credential-sources.js';

describe('CredentialSources', () => {
  it('has one credential for each region, and one of Google Cloud', () => {
    const sources = new CredentialSources({ clock: SYSTEM_CLOCK });
    expect(sources.awsDefaultChain('a')).toBe(sources.awsDefaultChain('a'));
    expect(sources.awsDefaultChain('a')).not.toBe(sources.awsDefaultChain('b'));
    expect(sources.googleDefault()).toBe(sources.googleDefault());
  });

  it('forgets the region that was asked for longest ago when there are more than 64', () => {
    const sources = new CredentialSources({ clock: SYSTEM_CLOCK });
    const first = sources.awsDefaultChain('r0');
    const second = sources.awsDefaultChain('r1');
    for (let i = 2; i < 64; i++) sources.awsDefaultChain(`r${i}`);
    expect(sources.awsDefaultChain('r0')).toBe(first);
    sources.awsDefaultChain('r64');
    expect(sources.awsDefaultChain('r0')).toBe(first);
    expect(sources.awsDefaultChain('r1')).not.toBe(second);
  });
});
