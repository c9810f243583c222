// @see spec api.md section 7
import { action, headerMatches, hostnames, parentRefs, secretRef, status } from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { filled, list, named, object, rules, text } from '../schema.mjs';

const PATH = { maxLength: 1024, default: '/mcp' };
const URI = { format: 'uri' };
const texts = (description, limits) => list(description, { type: 'string' }, limits);
const cel = (description) => text(description, { maxLength: 4096 });
const exclusive = (first, second) => [
  `!has(self.${first}) || !has(self.${second})`,
  `only one of ${first} and ${second} may be set`,
];

const toolSelector = named(
  'MCPToolSelector',
  object(
    'Which tools of the backend are offered. Absent: all. What is excluded stays out even if it is included too.',
    {
      include: texts('Names of tools to offer.', { maxItems: 32 }),
      includeRegex: texts('Patterns (RE2) of names of tools to offer.', { maxItems: 32 }),
      exclude: texts('Names of tools to leave out.', { maxItems: 32 }),
      excludeRegex: texts('Patterns (RE2) of names of tools to leave out.', { maxItems: 32 }),
    },
    rules(
      // M3, M4, M5
      exclusive('include', 'includeRegex'),
      exclusive('exclude', 'excludeRegex'),
      [
        'has(self.include) || has(self.includeRegex) || has(self.exclude) || has(self.excludeRegex)',
        'at least one of include, includeRegex, exclude and excludeRegex must be set',
      ],
    ),
  ),
);

const apiKey = named(
  'MCPBackendAPIKey',
  object(
    'A key that requests to the backend carry.',
    {
      secretRef: secretRef('Secret with the key under `apiKey`.'),
      inline: text('The key itself.'),
      header: filled(
        'Header for the key. Absent, with no queryParam: `Authorization`, where the key comes after `Bearer `.',
      ),
      queryParam: filled('Query parameter for the key.'),
    },
    rules(
      // M6, M7
      ['has(self.secretRef) != has(self.inline)', 'exactly one of secretRef and inline must be set'],
      exclusive('header', 'queryParam'),
    ),
  ),
);

const reference = donor('BackendObjectReference', 'One MCP server.');
const backendRef = named('MCPRouteBackendRef', {
  ...reference,
  properties: {
    ...reference.properties,
    path: text('Path of the MCP endpoint of the backend.', PATH),
    toolSelector,
    securityPolicy: object('How the gateway authenticates towards the backend.', { apiKey }),
    forwardHeaders: list(
      'Headers of the client that the backend gets.',
      object('One header.', {
        'name*': filled('Name of the header in the request of the client.'),
        backendHeader: filled('Name of the header in the request to the backend. Absent: the same.'),
      }),
      { maxItems: 32 },
    ),
  },
});

const backendSelector = named(
  'MCPBackendSelector',
  object('Which backends a client may use. The first rule that matches decides.', {
    defaultAction: action('What happens to a backend that no rule matches.', 'Deny'),
    rules: list(
      'Rules, tried in order for each backend.',
      object('One rule.', {
        cel: cel(
          'Condition over `request`, with the backend as `request.mcp.backend`. Absent: always. An error counts as no match.',
        ),
        action: action('What happens to a backend that it matches.', 'Allow'),
      }),
      { maxItems: 32 },
    ),
  }),
);

const jwks = object(
  'Keys that tokens are checked with.',
  {
    remoteJWKS: donor('RemoteJWKS', 'A key set that is fetched.'),
    localJWKS: donor('LocalJWKS', 'A key set that is written here, or in a ConfigMap or Secret.'),
  },
  rules(
    // M9, M10
    ['has(self.remoteJWKS) || has(self.localJWKS)', 'one of remoteJWKS and localJWKS must be set'],
    exclusive('remoteJWKS', 'localJWKS'),
  ),
);

const oauth = named(
  'MCPRouteOAuth',
  object('Requests need an OAuth access token, as the authorization part of MCP describes.', {
    'issuer*': text('Authorization server.', URI),
    audiences: texts('Audiences of which a token must name one. Absent: not checked.', { maxItems: 32 }),
    jwks,
    'protectedResourceMetadata*': named(
      'ProtectedResourceMetadata',
      object('What clients are told about the protected resource (RFC 9728).', {
        'resource*': text('Identifier of the resource.', URI),
        resourceName: text('Name of the resource for people.', { maxLength: 256 }),
        scopesSupported: texts('Scopes that clients may ask for.', { maxItems: 32 }),
        resourceSigningAlgValuesSupported: texts('Algorithms that the resource signs with.', {
          minItems: 1,
          maxItems: 16,
        }),
        resourceDocumentation: text('Page with documentation for developers.', URI),
        resourcePolicyUri: text('Page with the requirements on clients.', URI),
      }),
    ),
    claimToHeaders: list('Claims that backends get in headers.', donor('ClaimToHeader', 'One claim.'), {
      maxItems: 16,
    }),
  }),
);

const claim = object('One claim.', {
  'name*': filled('Name of the claim; dots lead into objects.', { maxLength: 253 }),
  valueType: text('Whether the claim holds one text or a list.', {
    enum: ['String', 'StringArray'],
    default: 'String',
  }),
  'values*': list('Values of which the claim must have one.', { type: 'string' }, { minItems: 1, maxItems: 128 }),
});

const jwtSource = named(
  'MCPJWTSource',
  object(
    'What the token of the client must hold.',
    {
      scopes: list(
        'Scopes, all of which the token must have.',
        { type: 'string', minLength: 1, maxLength: 253 },
        { maxItems: 16 },
      ),
      claims: list('Claims, all of which the token must have.', claim, {
        maxItems: 16,
        // M12
        ...rules([
          "self.all(claim, claim.name != 'scope')",
          'the claim scope is reserved for OAuth scopes; use scopes',
        ]),
      }),
    },
    // M11
    rules([
      '(has(self.scopes) && self.scopes.size() > 0) || (has(self.claims) && self.claims.size() > 0)',
      'scopes or claims must be set',
    ]),
  ),
);

const authorization = named(
  'MCPRouteAuthorization',
  object('Which calls of tools are allowed. The first rule that matches decides.', {
    defaultAction: action('What happens to a call that no rule matches.', 'Deny'),
    rules: list(
      'Rules, tried in order. All parts of a rule must hold.',
      object('One rule.', {
        action: action('What happens to a call that it matches.', 'Allow'),
        source: object('Who calls.', { 'jwt*': jwtSource }),
        target: object('What is called.', {
          'tools*': list(
            'Tools, of which one must be called.',
            object('One tool.', {
              'backend*': text('Name of the backend.'),
              'tool*': text('Name of the tool, without that of the backend.'),
            }),
            { minItems: 1, maxItems: 16 },
          ),
        }),
        cel: cel('Condition over `request`. Experimental. An error counts as no match.'),
      }),
      { maxItems: 32 },
    ),
  }),
);

const securityPolicy = named(
  'MCPRouteSecurityPolicy',
  object(
    'How clients authenticate, and what they may do.',
    {
      oauth,
      apiKeyAuth: donor('APIKeyAuth', 'Requests need an API key.'),
      extAuth: donor('ExtAuth', 'An external service decides on each request.'),
      authorization,
    },
    // M8, with a test for `rules`: an authorization that has a default action only is a valid one.
    rules([
      'has(self.oauth) || !has(self.authorization) || !has(self.authorization.rules) || ' +
        '!self.authorization.rules.exists(rule, has(rule.source) && has(rule.source.jwt))',
      'oauth must be set when a rule of authorization has source.jwt',
    ]),
  ),
);

export const mcpRoute = {
  kind: 'MCPRoute',
  plural: 'mcproutes',
  versions: ['v1alpha1', 'v1beta1'],
  description: 'One MCP endpoint on one or more Gateways, in front of several MCP servers.',
  spec: () =>
    object('Which clients reach which MCP servers.', {
      'parentRefs*': parentRefs({ minItems: 1 }),
      path: text('Path of the MCP endpoint.', PATH),
      headers: headerMatches('Headers that a request must carry, all of them.'),
      hostnames,
      'backendRefs*': list('MCP servers behind the endpoint.', backendRef, {
        minItems: 1,
        maxItems: 256,
        // M2
        ...rules([
          'self.all(ref, self.exists_one(other, other.name == ref.name))',
          'the names of the backends must be unique',
        ]),
      }),
      backendSelector,
      securityPolicy,
    }),
  status,
};
