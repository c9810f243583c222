// Parts that several kinds share. @see spec api.md section 2
import { donor } from './donors.mjs';
import { filled, keyed, list, named, object, rules, text, textSet } from './schema.mjs';

export const DURATION = { pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' };
export const NAMESPACE = { minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const LABELS = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*'.replaceAll('[.]', '\\.');
export const SUBDOMAIN = { minLength: 1, maxLength: 253, pattern: `^${LABELS}$` };
export const OPTIONAL_GROUP = { maxLength: 253, pattern: `^$|^${LABELS}$` };
export const OPTIONAL_KIND = { maxLength: 63, pattern: '^$|^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' };

/** R1, M1 */
export const parentRefs = (limits) =>
  list(
    'Gateways that serve this route. Only the kind Gateway may be named.',
    donor('ParentReference', 'One Gateway, or one of its listeners.'),
    {
      ...limits,
      maxItems: 16,
      ...rules(["self.all(ref, ref.kind == 'Gateway')", 'only Gateway is supported as the kind of a parent']),
    },
  );

export const hostnames = list(
  'Host names that the route answers for. Empty: all host names of the listener.',
  donor('Hostname'),
  { maxItems: 16 },
);

export const headerMatches = (description) =>
  keyed(description, 'name', donor('HTTPHeaderMatch', 'One header.'), { maxItems: 16 });

export const headerMutation = (description) =>
  named(
    'HTTPHeaderMutation',
    object(description, {
      set: keyed('Headers to add, or to overwrite where they exist.', 'name', donor('HTTPHeader', 'One header.'), {
        maxItems: 16,
      }),
      remove: textSet('Names of headers to take away, in any case.', { maxItems: 16 }),
    }),
  );

export const bodyMutation = (description) =>
  named(
    'HTTPBodyMutation',
    object(description, {
      set: keyed(
        'Members of the JSON body to add, or to overwrite where they exist.',
        'path',
        named(
          'HTTPBodyField',
          object('One member of the body.', {
            'path*': filled('Name of a top-level member.'),
            'value*': text('The new value as a JSON document, e.g. `"text"`, `1`, `{"a": true}`.'),
          }),
        ),
        { maxItems: 16 },
      ),
      remove: textSet('Names of top-level members to take away.', { maxItems: 16 }),
    }),
  );

export const llmRequestCost = named(
  'LLMRequestCost',
  object('One number that is computed for every request and stored in dynamic metadata.', {
    'metadataKey*': text('Key under which the number is stored, in the metadata namespace `io.envoy.ai_gateway`.'),
    'type*': text('What is counted.', {
      enum: [
        'OutputToken',
        'InputToken',
        'CachedInputToken',
        'CacheCreationInputToken',
        'TotalToken',
        'ReasoningToken',
        'CEL',
      ],
    }),
    cel: text(
      'Expression for type CEL. Variables: `model`, `backend`, `route_name`, `backend_name`, `backend_namespace`, ' +
        '`schema`, `response_model` (strings); `input_tokens`, `cached_input_tokens`, `cache_creation_input_tokens`, ' +
        '`output_tokens`, `total_tokens`, `reasoning_tokens`, `search_units` (unsigned integers); `request_headers` ' +
        '(map of strings). The result is an integer that is not negative, or a double, which is rounded up.',
    ),
  }),
);

export const secretRef = (description) => donor('SecretObjectReference', description);

/** A credential that is one value in a Secret. */
export const secretCredential = (description) =>
  named('SecretCredential', object(description, { 'secretRef*': secretRef('Secret with the key under `apiKey`.') }));

/** Targets of a policy: `allowed` says in CEL which `ref` may be named. */
export const targetRefs = (description, allowed, message) =>
  list(description, donor('LocalPolicyTargetReference', 'One backend.'), {
    maxItems: 16,
    ...rules([`self.all(ref, ${allowed})`, message]),
  });

export const SERVICE_BACKEND = "ref.group == 'aigateway.envoyproxy.io' && ref.kind == 'AIServiceBackend'";
export const INFERENCE_POOL = "ref.group == 'inference.networking.k8s.io' && ref.kind == 'InferencePool'";

export const action = (description, initial) => text(description, { enum: ['Allow', 'Deny'], default: initial });

const condition = donor('Condition', 'One observation about the object.');
const CONDITIONS = 'Observations about the object, the overall one last.';
const STATUS = 'What the controller found out about the object.';

export const status = object(STATUS, { conditions: list(CONDITIONS, condition) });
export const keyedStatus = object(STATUS, { conditions: keyed(CONDITIONS, 'type', condition, { maxItems: 8 }) });
