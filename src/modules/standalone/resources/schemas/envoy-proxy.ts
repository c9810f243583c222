import { foreignKind } from '../kinds/resource-kind.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { flag, text, textMap, texts } from './parts.js';

const sink: StructuralSchema = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { type: 'string', enum: ['File'] },
    file: { type: 'object', properties: { path: { type: 'string', minLength: 1 } } },
  },
  'x-standalone-unsupported': {
    als: 'use a sink of type File',
    openTelemetry: 'use a sink of type File, e.g. with path /dev/stdout',
  },
  'x-kubernetes-validations': [
    { rule: 'has(self.file)', message: 'found no file; expected file.path, e.g. /dev/stdout' },
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
