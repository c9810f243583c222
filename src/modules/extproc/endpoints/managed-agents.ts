import { anthropicResource } from './anthropic-resource.js';
import { modelOfAgent } from './agent-model.js';
import type { PassedEndpoint } from './passed-endpoint.js';

/**
 * Agents, the environments that they run in, and their sessions, as the API stands with the beta `managed-agents-2026-04-01`.
 * @see https://platform.claude.com/docs/en/managed-agents/overview
 */
export const managedAgents: PassedEndpoint = {
  name: 'managed-agents',
  vendor: 'anthropic',
  operation: 'managed_agents',
  dialect: 'anthropic',
  isKeptByProvider: true,
  paths: [
    { path: '/v1/agents', methods: ['GET', 'POST'], modelOfBody: modelOfAgent },
    { path: '/v1/agents/{id}', methods: ['GET', 'POST'], modelOfBody: modelOfAgent },
    { path: '/v1/agents/{id}/archive', methods: ['POST'] },
    { path: '/v1/agents/{id}/versions', methods: ['GET'] },
    { path: '/v1/environments', methods: ['GET', 'POST'] },
    { path: '/v1/environments/{id}', methods: ['GET', 'POST', 'DELETE'] },
    { path: '/v1/environments/{id}/archive', methods: ['POST'] },
    { path: '/v1/environments/{id}/work', methods: ['GET'] },
    { path: '/v1/environments/{id}/work/poll', methods: ['GET'] },
    { path: '/v1/environments/{id}/work/stats', methods: ['GET'] },
    { path: '/v1/environments/{id}/work/{id}', methods: ['GET', 'POST'] },
    { path: '/v1/environments/{id}/work/{id}/ack', methods: ['POST'] },
    { path: '/v1/environments/{id}/work/{id}/heartbeat', methods: ['POST'] },
    { path: '/v1/environments/{id}/work/{id}/stop', methods: ['POST'] },
    { path: '/v1/sessions', methods: ['GET', 'POST'] },
    { path: '/v1/sessions/{id}', methods: ['GET', 'POST', 'DELETE'] },
    { path: '/v1/sessions/{id}/archive', methods: ['POST'] },
    { path: '/v1/sessions/{id}/events', methods: ['GET', 'POST'] },
    { path: '/v1/sessions/{id}/events/stream', methods: ['GET'] },
    { path: '/v1/sessions/{id}/resources', methods: ['GET', 'POST'] },
    { path: '/v1/sessions/{id}/resources/{id}', methods: ['GET', 'POST', 'DELETE'] },
    { path: '/v1/sessions/{id}/threads', methods: ['GET'] },
    { path: '/v1/sessions/{id}/threads/{id}', methods: ['GET'] },
    { path: '/v1/sessions/{id}/threads/{id}/archive', methods: ['POST'] },
    { path: '/v1/sessions/{id}/threads/{id}/events', methods: ['GET'] },
    { path: '/v1/sessions/{id}/threads/{id}/stream', methods: ['GET'] },
  ],
  cells: { Anthropic: anthropicResource },
};
