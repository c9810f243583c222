import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { HttpConnectionManagerSchema } from '../../../src/gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { PostTranslateModifyRequestSchema } from '../../../src/gen/proto/envoygateway/extension/service_pb.js';
import { EXTENSION_SERVICE } from '../../harness/extension-server-under-test.js';

/** What Envoy Gateway asks when it has translated a Gateway with an AI route. */
export async function askToFinish(port: number, gateway: { readonly namespace: string; readonly name: string }) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const origin = (
    ...resources: readonly { readonly [key: string]: string | { readonly [key: string]: string } }[]
  ) => ({
    filterMetadata: { 'envoy-gateway': { resources: [...resources] } },
  });
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: { case: 'rds', value: { routeConfigName: 'table' } },
    httpFilters: [{ name: 'envoy.filters.http.router' }],
  });
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: anyPack(HttpConnectionManagerSchema, manager),
  };
  const request = create(PostTranslateModifyRequestSchema, {
    listeners: [{ name: `${gateway.namespace}/${gateway.name}/http`, filterChains: [{ filters: [filter] }] }],
    routes: [
      {
        name: 'table',
        virtualHosts: [
          {
            metadata: origin({ kind: 'Gateway', ...gateway }),
            routes: [{ metadata: origin({ annotations: { 'ai-gateway-generated': 'true' } }) }],
          },
        ],
      },
    ],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        `${EXTENSION_SERVICE}PostTranslateModify`,
        (message: Buffer) => message,
        (message: Buffer) => message,
        Buffer.from(toBinary(PostTranslateModifyRequestSchema, request)),
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}
