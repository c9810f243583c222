import { foreignKind } from '../kinds/resource-kind.js';
import { patterns } from '../validation/patterns.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import {
  flag,
  groupName,
  kindName,
  listenerPort,
  namespaceName,
  noEffect,
  objectName,
  text,
  textMap,
  texts,
} from './parts.js';

const headerName: StructuralSchema = { type: 'string', minLength: 1, maxLength: 256, pattern: patterns.headerName };

const openTelemetry: StructuralSchema = {
  type: 'object',
  required: ['backendRefs'],
  properties: {
    backendRefs: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          group: { ...groupName, default: '' },
          kind: { ...kindName, default: 'Service' },
          name: objectName,
          namespace: namespaceName,
          port: { ...listenerPort, 'x-standalone-no-effect': noEffect('a port beside that of the Backend') },
        },
        'x-kubernetes-validations': [
          {
            rule: "self.group == 'gateway.envoyproxy.io' && self.kind == 'Backend'",
            message: 'found another kind of backend; expected group gateway.envoyproxy.io and kind Backend',
          },
        ],
      },
    },
    headers: {
      type: 'array',
      maxItems: 32,
      items: { type: 'object', required: ['name', 'value'], properties: { name: headerName, value: text } },
    },
    resources: textMap,
  },
  'x-standalone-unsupported': {
    host: 'name a Backend with the address in backendRefs',
    port: 'name a Backend with the address in backendRefs',
    backendSettings: 'remove backendSettings',
  },
};

const sink: StructuralSchema = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { type: 'string', enum: ['File', 'OpenTelemetry'] },
    file: { type: 'object', properties: { path: { type: 'string', minLength: 1 } } },
    openTelemetry,
  },
  'x-standalone-unsupported': { als: 'use a sink of type File or OpenTelemetry' },
  'x-kubernetes-validations': [
    {
      rule: "self.type == 'File' ? has(self.file) && !has(self.openTelemetry) : has(self.openTelemetry) && !has(self.file)",
      message: 'found another field than type says; expected file for type File, openTelemetry for type OpenTelemetry',
    },
  ],
};

const format: StructuralSchema = {
  type: 'object',
  properties: { type: { type: 'string', enum: ['Text', 'JSON'] }, text, json: textMap },
  'x-kubernetes-validations': [
    {
      rule: "!has(self.type) ? has(self.text) || has(self.json) : self.type == 'Text' ? has(self.text) && !has(self.json) : has(self.json) && !has(self.text)",
      message: 'found another field than type says; expected text for type Text, json for type JSON',
    },
  ],
};

const accessLog: StructuralSchema = {
  type: 'object',
  properties: {
    disable: flag,
    settings: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: {
        type: 'object',
        required: ['sinks'],
        properties: {
          format,
          matches: { ...texts, maxItems: 10 },
          sinks: { type: 'array', minItems: 1, maxItems: 50, items: sink },
          type: { type: 'string', enum: ['Listener', 'Route', 'Upstream'] },
        },
      },
    },
  },
};

/** Loggers of Envoy 1.38, which refuses to start with others (`POST /logging` of its admin interface lists them). */
const LOG_COMPONENTS =
  'default,a2a,admin,alternate_protocols_cache,assert,aws,backtrace,basic_auth,cache_filter,client,compression,config,conn_handler,connection,credential_injector,decompression,dns,dubbo,dynamic_modules,envoy_bug,ext_authz,ext_proc,file,filter,forward_proxy,geolocation,golang,grpc,happy_eyeballs,hc,health_checker,http,http2,hystrix,init,io,json_rpc,jwt,kafka,key_value_store,local_rate_limit,lua,main,matcher,mcp,misc,mongo,multi_connection,notification,oauth2,pool,quic,quic_stream,rate_limit_quota,rbac,rds,redis,rocketmq,router,runtime,secret,sse,stats,stats_sinks,tap,testing,thrift,tracing,udp,upstream,wasm,websocket'.split(
    ',',
  );

export const envoyProxy = foreignKind({
  group: 'gateway.envoyproxy.io',
  kind: 'EnvoyProxy',
  versions: ['v1alpha1'],
  members: {
    spec: {
      type: 'object',
      properties: {
        logging: {
          type: 'object',
          default: { level: { default: 'warn' } },
          properties: {
            level: {
              type: 'object',
              default: { default: 'warn' },
              additionalProperties: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
              'x-kubernetes-validations': [
                {
                  rule: `self.all(component, component in ${JSON.stringify(LOG_COMPONENTS)})`,
                  message:
                    'found a component that Envoy does not have; expected default, or one such as http, router or upstream',
                },
              ],
            },
          },
        },
        telemetry: {
          type: 'object',
          properties: { accessLog },
          'x-standalone-unsupported': {
            metrics: 'metrics of Envoy are on its admin port; remove metrics',
            tracing: 'use the OTEL_* variables of the gateway; remove tracing',
          },
        },
        provider: {
          type: 'object',
          required: ['type'],
          properties: { type: { type: 'string', enum: ['Kubernetes', 'Host'] } },
          'x-kubernetes-preserve-unknown-fields': true,
          'x-standalone-no-effect':
            'found a provider, which has no effect in standalone mode: Envoy runs as a process of this machine; choose its binary with ENVOY_PATH',
        },
      },
      'x-standalone-unsupported': {
        bootstrap: 'the bootstrap is made by standalone mode; remove bootstrap',
        concurrency: 'remove concurrency',
        extraArgs: 'remove extraArgs',
      },
    },
  },
});
