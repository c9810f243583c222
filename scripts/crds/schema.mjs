// Words to write structural schemas with. @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
/** Name of the TypeScript type of a schema; not part of the CRD. */
export const TYPE_NAME = Symbol('type name');

export const named = (name, schema) => ({ ...schema, [TYPE_NAME]: name });

export const text = (description, limits = {}) => ({ description, type: 'string', ...limits });
export const filled = (description, limits = {}) => text(description, { minLength: 1, ...limits });
export const flag = (description, limits = {}) => ({ description, type: 'boolean', ...limits });
export const integer = (description, limits = {}) => ({ description, type: 'integer', ...limits });
export const list = (description, items, limits = {}) => ({ description, type: 'array', items, ...limits });

/** A list whose items are told apart by a member. */
export const keyed = (description, key, items, limits = {}) =>
  list(description, items, { ...limits, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });

/** A list that holds a text once. */
export const textSet = (description, limits = {}) =>
  list(description, { type: 'string' }, { ...limits, 'x-kubernetes-list-type': 'set' });

/** Members whose name ends in `*` are required. */
export function object(description, members, limits = {}) {
  const required = Object.keys(members).filter((name) => name.endsWith('*'));
  return {
    description,
    type: 'object',
    ...(required.length > 0 && { required: required.map(bare).sort((left, right) => (left < right ? -1 : 1)) }),
    ...limits,
    properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [bare(name), schema])),
  };
}
const bare = (name) => name.replace(/[*]$/, '');

/** CEL rules: each condition with the message for those who break it. */
export const rules = (...pairs) => ({
  'x-kubernetes-validations': pairs.map(([rule, message]) => ({ rule, message })),
});

/** A printer column of `kubectl get` with a member of a condition, empty while there is no such condition. */
export const conditionColumn = (type, member) => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].${member}`,
});
