import { toJson } from '@bufbuild/protobuf';
import {
  ExternalProcessorSchema,
  type ExternalProcessor,
} from '../../src/gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import { routerProcessor, upstreamProcessor } from '../../src/modules/extension-server/edits/ext-proc-filters.js';
import { EXT_PROC_FILTER } from '../../src/modules/extension-server/edits/xds-names.js';

// The processor's two filters are those of the extension server, so that both halves of that contract meet in the tests.

/**
 * Longer than any step of a test, in place of the 10 s of the extension server: on a machine that is busy with much else
 * the answer to 30 MB takes more than these, and was 504 or cut then.
 */
const MESSAGE_TIMEOUT = '60s';

const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;
const externalProcessor = (filter: ExternalProcessor): object => ({
  '@type': type('filters.http.ext_proc.v3.ExternalProcessor'),
  ...(toJson(ExternalProcessorSchema, filter) as object),
  messageTimeout: MESSAGE_TIMEOUT,
});

export const routerExtProc = () => ({
  name: EXT_PROC_FILTER,
  disabled: true,
  typed_config: externalProcessor(routerProcessor()),
});

/** `forwardingNamespaces`: dynamic metadata that the processor gets to see. */
export const upstreamFilters = (forwardingNamespaces: readonly string[]): object[] => [
  { name: EXT_PROC_FILTER, typed_config: externalProcessor(upstreamProcessor(forwardingNamespaces)) },
  {
    name: 'envoy.filters.http.header_mutation',
    typed_config: {
      '@type': type('filters.http.header_mutation.v3.HeaderMutation'),
      mutations: {
        request_mutations: [
          {
            append: {
              append_action: 'ADD_IF_ABSENT',
              header: { key: 'content-length', value: '%DYNAMIC_METADATA(io.envoy.ai_gateway:content_length)%' },
            },
          },
        ],
      },
    },
  },
  {
    name: 'envoy.filters.http.upstream_codec',
    typed_config: { '@type': type('filters.http.upstream_codec.v3.UpstreamCodec') },
  },
];

export const routerFilter = () => ({
  name: 'envoy.filters.http.router',
  typed_config: { '@type': type('filters.http.router.v3.Router') },
});

export const httpProtocolOptions = (options: object): object => ({
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': type('upstreams.http.v3.HttpProtocolOptions'),
    ...options,
  },
});
