// What breaking a CEL rule of a donor (donors.mjs) says, in our words. A rule without one fails the generation.
const typeNeeds = (type, member) => `when type is ${type}, ${member} must be set; otherwise it must not`;

const MESSAGES = {
  // BackendObjectReference
  "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true": 'a Service needs a port',

  // HTTPRouteTimeouts
  "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))":
    'backendRequest may not be longer than request',

  // OIDC, RemoteJWKS
  '(has(self.clientID) && !has(self.clientIDRef)) || (!has(self.clientID) && has(self.clientIDRef))':
    'exactly one of clientID and clientIDRef must be set',
  "!(has(self.forwardAccessToken) && self.forwardAccessToken && has(self.forwardIDToken) && self.forwardIDToken.header.lowerAscii() == 'authorization')":
    'forwardAccessToken may not be true when forwardIDToken.header is Authorization',
  '!has(self.backendRef)': 'backendRef is not supported; use backendRefs',
  'has(self.backendSettings)? (has(self.backendSettings.retry)?(has(self.backendSettings.retry.perRetry)? !has(self.backendSettings.retry.perRetry.timeout):true):true):true':
    'backendSettings.retry.perRetry.timeout is not supported here',
  'has(self.backendSettings)? (has(self.backendSettings.retry)?(has(self.backendSettings.retry.retryOn)? !has(self.backendSettings.retry.retryOn.httpStatusCodes):true):true):true':
    'backendSettings.retry.retryOn.httpStatusCodes is not supported here',

  // LocalJWKS, ExtAuth
  "(self.type == 'Inline' && has(self.inline) && !has(self.valueRef)) || (self.type == 'ValueRef' && !has(self.inline) && has(self.valueRef))":
    'exactly the member that type names must be set: inline or valueRef',
  '(has(self.grpc) || has(self.http))': 'grpc or http must be set',
  '(has(self.grpc) && !has(self.http)) || (!has(self.grpc) && has(self.http))':
    'exactly one of grpc and http must be set',
  "(self.type == 'Value' && has(self.value) && !has(self.valueRef)) || (self.type == 'ValueRef' && !has(self.value) && has(self.valueRef))":
    'exactly the member that type names must be set: value or valueRef',
  "self.kind in ['ConfigMap', 'Secret'] && self.group in ['', 'v1']":
    'valueRef must name a ConfigMap or a Secret of the core group',
  'has(self.backendRef) || self.backendRefs.size() > 0': 'backendRefs must name a service',
  "has(self.backendRefs) ? self.backendRefs.all(f, f.kind == 'Service' || f.kind == 'ServiceImport' || f.kind == 'Backend') : true":
    'backendRefs may name a Service, a ServiceImport or a Backend',
  "has(self.backendRefs) ? (self.backendRefs.all(f, f.group == \"\" || f.group == 'multicluster.x-k8s.io' || f.group == 'gateway.envoyproxy.io')) : true":
    'the group of a backendRef must be empty, multicluster.x-k8s.io or gateway.envoyproxy.io',
  '!(has(self.path) && has(self.pathOverride))': 'only one of path and pathOverride may be set',

  // KubernetesContainerSpec
  '!has(self.image) || !has(self.imageRepository)': 'only one of image and imageRepository may be set',
  "self.matches('^[a-zA-Z0-9._-]+(:[0-9]+)?(/[a-zA-Z0-9._/-]+)?(:[a-zA-Z0-9._-]+)?(@sha256:[a-z0-9]+)?$')":
    'image must be an image name, e.g. registry.example.com:5000/team/extproc:v1',
  "self.matches('^[a-zA-Z0-9._-]+(:[0-9]+)?[a-zA-Z0-9._/-]+$')": 'imageRepository must be an image name without a tag',

  // RateLimitSelectCondition
  'has(self.headers) || has(self.methods) || has(self.path) || has(self.sourceCIDR) || has(self.queryParams)':
    'at least one of headers, methods, path, sourceCIDR and queryParams must be set',

  // ClusterSettings
  "!((has(self.connection) && has(self.connection.preconnect) && has(self.connection.preconnect.predictivePercent)) && !(has(self.loadBalancer) && has(self.loadBalancer.type) && self.loadBalancer.type in ['Random', 'RoundRobin']))":
    'connection.preconnect.predictivePercent needs a loadBalancer of type Random or RoundRobin',
  'self.numerator <= self.denominator': 'numerator may not be greater than denominator',
  "self.type == 'HTTP' ? has(self.http) : !has(self.http)": typeNeeds('HTTP', 'http'),
  "self.type == 'TCP' ? has(self.tcp) : !has(self.tcp)": typeNeeds('TCP', 'tcp'),
  "has(self.grpc) ? self.type == 'GRPC' : true": 'grpc may be set only when type is GRPC',
  "self.type == 'Text' ? has(self.text) : !has(self.text)": typeNeeds('Text', 'text'),
  "self.type == 'Binary' ? has(self.binary) : !has(self.binary)": typeNeeds('Binary', 'binary'),
  '!has(self.timeout) || !has(self.interval) || duration(self.timeout) < duration(self.interval)':
    'timeout must be shorter than interval',
  "self.type == 'ConsistentHash' ? has(self.consistentHash) : !has(self.consistentHash)": typeNeeds(
    'ConsistentHash',
    'consistentHash',
  ),
  "self.type == 'BackendUtilization' ? has(self.backendUtilization) : !has(self.backendUtilization)": typeNeeds(
    'BackendUtilization',
    'backendUtilization',
  ),
  "self.type == 'DynamicModule' ? has(self.dynamicModule) : !has(self.dynamicModule)": typeNeeds(
    'DynamicModule',
    'dynamicModule',
  ),
  "self.type in ['Random', 'ConsistentHash', 'DynamicModule'] ? !has(self.slowStart) : true":
    'slowStart may be set only when type is RoundRobin, LeastRequest or BackendUtilization',
  "self.type == 'ConsistentHash' && has(self.zoneAware) ? !has(self.zoneAware.preferLocal) : true":
    'zoneAware.preferLocal may not be set when type is ConsistentHash; use weightedZones',
  "self.type == 'BackendUtilization' && has(self.zoneAware) ? !has(self.zoneAware.preferLocal) : true":
    'zoneAware.preferLocal may not be set when type is BackendUtilization; use weightedZones',
  "self.type == 'DynamicModule' ? !has(self.zoneAware) : true": 'zoneAware may not be set when type is DynamicModule',
  'has(self.zoneAware) ? !(has(self.zoneAware.preferLocal) && has(self.zoneAware.weightedZones)) : true':
    'only one of zoneAware.preferLocal and zoneAware.weightedZones may be set',
  "self.type == 'DynamicModule' ? !has(self.endpointOverride) : true":
    'endpointOverride may not be set when type is DynamicModule',
  "self.type == 'Header' ? has(self.header) : !has(self.header)": typeNeeds('Header', 'header'),
  "self.type == 'Headers' ? has(self.headers) : !has(self.headers)": typeNeeds('Headers', 'headers'),
  "self.type == 'Cookie' ? has(self.cookie) : !has(self.cookie)": typeNeeds('Cookie', 'cookie'),
  "self.type == 'QueryParams' ? has(self.queryParams) : !has(self.queryParams)": typeNeeds(
    'QueryParams',
    'queryParams',
  ),
};

const RULES = 'x-kubernetes-validations';

/** The schema with a message on each of its own rules. */
export function withMessages(schema) {
  if (schema[RULES] === undefined) return schema;
  return { ...schema, [RULES]: schema[RULES].map(({ rule, ...own }) => ({ rule, message: messageOf(rule), ...own })) };
}

function messageOf(rule) {
  const message = MESSAGES[rule];
  if (message === undefined) throw new Error(`no message for the rule ${rule}; add one to ${import.meta.filename}`);
  return message;
}
