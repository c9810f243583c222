import { anthropicResource } from './anthropic-resource.js';
import { withOwnLinks } from './batch-links.js';
import { modelOfBatch } from './batch-models.js';
import type { PassedEndpoint } from './passed-endpoint.js';

/** @see https://docs.anthropic.com/en/api/creating-message-batches */
export const messageBatches: PassedEndpoint = {
  name: 'message-batches',
  vendor: 'anthropic',
  operation: 'message_batches',
  dialect: 'anthropic',
  isKeptByProvider: true,
  paths: [
    { path: '/v1/messages/batches', methods: ['GET', 'POST'], modelOfBody: modelOfBatch, rewrite: withOwnLinks },
    { path: '/v1/messages/batches/{id}', methods: ['GET', 'DELETE'], rewrite: withOwnLinks },
    { path: '/v1/messages/batches/{id}/cancel', methods: ['POST'], rewrite: withOwnLinks },
    { path: '/v1/messages/batches/{id}/results', methods: ['GET'] },
  ],
  cells: { Anthropic: anthropicResource },
};
