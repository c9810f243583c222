import type { StructuralSchema } from '../validation/structural-schema.js';
import { duration, flag, httpStatus, noEffect, percent, size, uint32, uint32Of1024 } from './parts.js';
import { policyKind } from './policy-kind.js';

const TRIGGERS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

const int32: StructuralSchema = { type: 'integer', format: 'int32' };

const retry: StructuralSchema = {
  type: 'object',
  properties: {
    numRetries: { ...int32, minimum: 0, default: 2 },
    numAttemptsPerPriority: int32,
    perRetry: {
      type: 'object',
      properties: {
        timeout: duration,
        backOff: { type: 'object', properties: { baseInterval: duration, maxInterval: duration } },
      },
    },
    retryOn: {
      type: 'object',
      properties: {
        triggers: { type: 'array', items: { type: 'string', enum: TRIGGERS } },
        httpStatusCodes: { type: 'array', items: httpStatus },
      },
    },
  },
};

const timeout: StructuralSchema = {
  type: 'object',
  properties: {
    http: {
      type: 'object',
      properties: {
        connectionIdleTimeout: duration,
        maxConnectionDuration: duration,
        maxStreamDuration: duration,
        requestTimeout: duration,
        streamIdleTimeout: duration,
      },
    },
    tcp: { type: 'object', properties: { connectTimeout: duration } },
  },
};

const healthCheck: StructuralSchema = {
  type: 'object',
  properties: {
    panicThreshold: percent,
    passive: {
      type: 'object',
      properties: {
        alwaysEjectOneEndpoint: { ...flag, default: false },
        baseEjectionTime: { ...duration, default: '30s' },
        consecutive5XxErrors: { ...int32, default: 5 },
        consecutiveGatewayErrors: int32,
        consecutiveLocalOriginFailures: { ...int32, default: 5 },
        failurePercentageThreshold: percent,
        interval: { ...duration, default: '3s' },
        maxEjectionPercent: { ...percent, default: 10 },
        splitExternalLocalOriginErrors: { ...flag, default: false },
      },
    },
  },
  'x-standalone-unsupported': { active: 'use healthCheck.passive' },
};

const circuitBreaker: StructuralSchema = {
  type: 'object',
  properties: {
    maxConnections: uint32Of1024,
    maxParallelRequests: uint32Of1024,
    maxParallelRetries: uint32Of1024,
    maxPendingRequests: uint32Of1024,
    maxRequestsPerConnection: uint32,
    perEndpoint: { type: 'object', properties: { maxConnections: uint32Of1024 } },
    retryBudget: {
      type: 'object',
      required: ['percent'],
      properties: {
        minRetryConcurrency: int32,
        percent: {
          type: 'object',
          required: ['numerator'],
          properties: { numerator: { ...int32, minimum: 0 }, denominator: { ...int32, minimum: 1, default: 100 } },
          'x-kubernetes-validations': [
            {
              rule: 'self.numerator <= self.denominator',
              message: 'found a numerator above the denominator; expected a share of at most one',
            },
          ],
        },
      },
    },
  },
};

export const backendTrafficPolicy = policyKind({
  kind: 'BackendTrafficPolicy',
  targets: ['Gateway', 'HTTPRoute'],
  properties: {
    retry,
    timeout,
    healthCheck,
    circuitBreaker,
    connection: {
      type: 'object',
      properties: {
        bufferLimit: size,
        socketBufferLimit: { ...size, 'x-standalone-no-effect': noEffect('socketBufferLimit') },
      },
    },
    loadBalancer: {
      type: 'object',
      required: ['type'],
      properties: { type: { type: 'string', enum: ['LeastRequest', 'RoundRobin', 'Random'] } },
    },
    requestBuffer: { type: 'object', required: ['limit'], properties: { limit: size } },
  },
  unsupported: {
    rateLimit: 'rate limits need Envoy Gateway and its rate limit service: run in Kubernetes, or remove rateLimit',
  },
});
