// @see spec api.md section 4
import { bodyMutation, headerMutation, status } from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { named, object, rules, text } from '../schema.mjs';

const apiSchema = named(
  'VersionedAPISchema',
  object('The API that the backend speaks.', {
    'name*': text('Name of the API.', {
      enum: [
        'OpenAI',
        'Cohere',
        'AWSBedrock',
        'AzureOpenAI',
        'GCPVertexAI',
        'GCPAnthropic',
        'Anthropic',
        'AWSAnthropic',
      ],
    }),
    version: text('Version of the API, e.g. the `api-version` of Azure OpenAI. Not read for OpenAI and Anthropic.'),
    prefix: text(
      'Path before the endpoint, with or without a leading slash; `v1` when absent. Read for OpenAI and Anthropic only.',
    ),
  }),
);

/** B1 stands before the rule of the donor. */
const B1 = rules([
  "has(self.kind) && self.kind == 'Backend' && has(self.group) && self.group == 'gateway.envoyproxy.io'",
  'backendRef must be a Backend of the group gateway.envoyproxy.io, with group and kind written out (see envoyproxy/ai-gateway issue 902)',
]);
const reference = donor(
  'BackendObjectReference',
  'The Envoy Gateway Backend with the address. Group and kind must be written out.',
);
const RULES = 'x-kubernetes-validations';

export const aiServiceBackend = {
  kind: 'AIServiceBackend',
  plural: 'aiservicebackends',
  columns: [{ name: 'Schema', type: 'string', jsonPath: '.spec.schema.name' }],
  versions: ['v1alpha1', 'v1beta1'],
  description: 'A backend that serves models: its address and the API it speaks.',
  spec: () =>
    object('Where the backend is and what it speaks.', {
      'schema*': apiSchema,
      'backendRef*': { ...reference, [RULES]: [...B1[RULES], ...reference[RULES]] },
      headerMutation: headerMutation('Changes to the headers of every request to this backend.'),
      bodyMutation: bodyMutation('Changes to the body of every request to this backend.'),
    }),
  status,
};
