import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { servicesTold } from './services-told.js';

const table = (...inputs: readonly (string | undefined)[]) =>
  create(RouteConfigurationSchema, {
    virtualHosts: [
      {
        routes: inputs.map((text) => ({
          metadata: {
            filterMetadata: {
              'envoy-gateway': {
                resources: [
                  {
                    kind: 'HTTPRoute',
                    namespace: 'ns',
                    name: 'llm',
                    annotations: {
                      'ai-gateway-generated': 'true',
                      ...(text !== undefined && { 'ai-gateway-xds-inputs': text }),
                    },
                  },
                ],
              },
            },
          },
        })),
      },
    ],
  });
const useBy = (gateway: string, ...inputs: readonly (string | undefined)[]) =>
  servicesTold([table(...inputs)])(`gateway.networking.k8s.io/Gateway/${gateway}`);

describe('servicesTold', () => {
  it.each([
    { title: 'a route tells it', gateway: 'ns/edge', inputs: ['abc;ns/edge'], use: 'used' },
    {
      title: 'one of the routes tells it',
      gateway: 'ns/edge',
      inputs: [undefined, 'abc', ';ns/a,ns/edge'],
      use: 'used',
    },
    { title: 'another Gateway uses its own', gateway: 'ns/edge', inputs: [';other/edge,ns/edge-2'], use: 'none' },
    { title: 'it is announced only', gateway: 'ns/edge', inputs: [';ns/edge=announced'], use: 'announced' },
    {
      title: 'new requests go to it',
      gateway: 'ns/edge',
      inputs: [';ns/edge=crossing:17', ';ns/edge=announced'],
      use: 'crossing',
    },
    { title: 'it is told in another form', gateway: 'ns/edge', inputs: [';ns/edge=later,ns/edge='], use: 'none' },
    { title: 'nothing is told', gateway: 'ns/edge', inputs: ['abc', undefined], use: 'none' },
  ])('is $use when $title', ({ gateway, inputs, use }) => {
    expect(useBy(gateway, ...inputs)).toBe(use);
  });
});
