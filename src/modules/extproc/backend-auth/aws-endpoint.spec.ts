import { describe, expect, it } from '@jest/globals';
import { defaultBedrockHost, signingScope } from './aws-endpoint.js';

describe('signingScope', () => {
  it.each([
    ['public', 'bedrock-runtime.eu-west-1.amazonaws.com', 'bedrock', 'eu-west-1'],
    ['FIPS', 'bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'bedrock', 'us-gov-west-1'],
    ['PrivateLink', 'vpce-0a-1b.bedrock-runtime.us-west-2.vpce.amazonaws.com', 'bedrock', 'us-west-2'],
    ['FIPS PrivateLink', 'vpce-0a.bedrock-runtime-fips.us-east-2.vpce.amazonaws.com', 'bedrock', 'us-east-2'],
    ['prefixed by a label', 'x.bedrock-runtime.us-west-2.amazonaws.com', 'bedrock', 'us-west-2'],
    ['dual-stack', 'bedrock-runtime.us-west-2.api.aws', 'bedrock', 'us-west-2'],
    ['in capitals', 'Bedrock-Runtime.US-WEST-2.amazonaws.com', 'bedrock', 'us-west-2'],
    ['of Mantle (X14)', 'bedrock-mantle.eu-north-1.api.aws', 'bedrock-mantle', 'eu-north-1'],
    ['of Mantle by PrivateLink', 'v.bedrock-mantle.eu-north-1.vpce.amazonaws.com', 'bedrock-mantle', 'eu-north-1'],
  ])('reads service and region of a host that is %s', (_, host, service, region) => {
    expect(signingScope(host, 'configured-1')).toEqual({ service, region });
  });

  it.each([
    ['another host', 'api.example.com'],
    ['a custom internal host', 'bedrock.internal'],
    ['no label boundary', 'evilbedrock-runtime.us-west-2.amazonaws.com'],
    ['something behind', 'bedrock-runtime.us-west-2.amazonaws.com.evil.com'],
    ['a look-alike of Mantle', 'bedrock-mantle.us-west-2.api.aws.corp.example'],
    ['a look-alike domain', 'bedrock-runtime.us-west-2.amazonaws-com'],
    ['two labels as region', 'bedrock-runtime.us.west-2.amazonaws.com'],
    ['no region', 'bedrock-runtime.amazonaws.com'],
    ['a port', 'bedrock-runtime.us-west-2.amazonaws.com:8443'],
    ['the partition of China', 'bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    ['nothing', ''],
  ])('takes the configured region for %s', (_, host) => {
    expect(signingScope(host, 'configured-1')).toEqual({ service: 'bedrock', region: 'configured-1' });
  });

  it('reads the region of the default host', () => {
    expect(signingScope(defaultBedrockHost('ap-south-2'), 'x').region).toBe('ap-south-2');
  });
});
