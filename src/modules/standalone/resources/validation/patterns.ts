/** Patterns of the Kubernetes and Gateway API types. @see spec api.md section 2 */
export const patterns = {
  label: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  subdomain: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  group: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  kind: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
  optionalKind: '^$|^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
  hostname: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  headerName: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  headerValue: '^[!-~]+([\\t ]?[!-~]+)*$',
  duration: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
  /** A quantity without sign and fraction, as Envoy Gateway asks for sizes. */
  size: '^[1-9][0-9]*([EPTGMK]i|[EPTGMk])?$',
  quantity:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  configKey: '^[-._a-zA-Z0-9]+$',
  origin: '^(\\*|https?://(\\*|(\\*\\.)?[\\w-]+(\\.[\\w-]+)*)(:[0-9]{1,5})?)$',
  uri: '^[^:/?#]+:',
} as const;

/** The same in words, for messages. */
export const knownPatterns: Readonly<Record<string, string>> = {
  [patterns.label]: 'lower-case letters, digits and dashes, such as my-name',
  [patterns.subdomain]: 'lower-case letters, digits, dashes and dots, such as my-name.example',
  [patterns.group]: 'an API group, such as gateway.envoyproxy.io',
  [patterns.kind]: 'a kind, such as Secret',
  [patterns.optionalKind]: 'a kind, such as InferencePool',
  [patterns.hostname]: 'a host name, such as api.example.com or *.example.com',
  [patterns.headerName]: 'a header name, such as x-team',
  [patterns.headerValue]: 'printable ASCII text with single spaces',
  [patterns.duration]: 'a duration, such as 500ms, 30s or 1h30m',
  [patterns.size]: 'a size in bytes, such as 32768 or 50Mi',
  [patterns.quantity]: 'a quantity, such as 500m, 2 or 1Gi',
  [patterns.configKey]: 'letters, digits, dashes, dots and underscores',
  [patterns.origin]: 'an origin, such as https://app.example.com, https://*.example.com or *',
  [patterns.uri]: 'a URI with its scheme',
};
