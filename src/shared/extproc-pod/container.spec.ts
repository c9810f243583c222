import { describe, expect, it } from '@jest/globals';
import { TEST_OPTIONS } from '../../../test/harness/routing-options.js';
import { extProcContainer, extProcVolumes, type ContainerPlan } from './container.js';
import { extProcConfigHash, resolveImage, type ExtProcInputs, type ExtProcSettings } from './inputs.js';

const inputs = (settings: Partial<ExtProcSettings> = {}, more: Partial<ExtProcInputs> = {}): ExtProcInputs => ({
  settings: { ...TEST_OPTIONS.extProc, ...settings },
  overrides: undefined,
  needsMcp: false,
  ...more,
});
const plan = (more: Partial<ContainerPlan> = {}): ContainerPlan => ({
  gateway: { namespace: 'default', name: 'gw' },
  inputs: inputs(),
  hasBundle: true,
  hasLegacy: false,
  listenAddress: 'unix:///etc/ai-gateway-extproc-uds/run.sock',
  ...more,
});

const BASE = [
  '-logLevel',
  'info',
  '-extProcAddr',
  'unix:///etc/ai-gateway-extproc-uds/run.sock',
  '-adminPort',
  '1064',
  '-rootPrefix',
  '/',
  '-maxRecvMsgSize',
  '536870912',
];
const BUNDLE = ['-configBundlePath', '/etc/filter-config-bundle'];
const attributes = (values: Partial<ExtProcSettings['headerAttributes']>) => ({
  headerAttributes: { ...TEST_OPTIONS.extProc.headerAttributes, ...values },
});

describe('extProcContainer', () => {
  it.each<[string, Partial<ContainerPlan>, readonly string[]]>([
    ['nothing is set', {}, [...BUNDLE, ...BASE]],
    ['both configs are there', { hasLegacy: true }, [...BUNDLE, ...BASE]],
    [
      'only the legacy config is there',
      { hasBundle: false, hasLegacy: true },
      ['-configPath', '/etc/filter-config/filter-config.yaml', ...BASE],
    ],
    [
      'everything is set',
      {
        inputs: inputs(
          {
            logFormat: 'json',
            enableRedaction: true,
            endpointPrefixes: 'openai:/x',
            ...attributes({ all: 'a:b', span: '', metrics: 'c:d', log: '' }),
            mcp: { ...TEST_OPTIONS.extProc.mcp, fallbackSessionEncryptionSeed: 'old' },
          },
          { needsMcp: true },
        ),
        extraArgs: ['-last'],
      },
      [
        BUNDLE,
        BASE,
        ['-logFormat', 'json'],
        ['-mcpAddr', ':9856', '-mcpSessionEncryptionSeed', 'default-insecure-seed'],
        ['-mcpSessionEncryptionIterations', '100000', '-mcpFallbackSessionEncryptionSeed', 'old'],
        ['-mcpFallbackSessionEncryptionIterations', '100000'],
        ['-requestHeaderAttributes', 'a:b', '-spanRequestHeaderAttributes', ''],
        ['-metricsRequestHeaderAttributes', 'c:d', '-logRequestHeaderAttributes', ''],
        ['-endpointPrefixes', 'openai:/x', '-enableRedaction', '-last'],
      ].flat(),
    ],
  ])('has the arguments in their order when %s', (_, more, expected) => {
    expect(extProcContainer(plan(more))['args']).toEqual(expected);
  });

  it('leaves out mounts of the GatewayConfig where something is mounted already', () => {
    const volumeMounts = [
      { name: 'own', mountPath: '/etc/own' },
      { name: 'again', mountPath: '/etc/own' },
      { name: 'socket', mountPath: '/etc/ai-gateway-extproc-uds' },
      { name: 'config', mountPath: '/etc/filter-config-bundle' },
    ];
    const { volumeMounts: mounts } = extProcContainer(plan({ inputs: inputs({}, { overrides: { volumeMounts } }) }));
    expect(mounts).toEqual([
      { name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' },
      { name: 'own', mountPath: '/etc/own' },
      expect.objectContaining({ mountPath: '/etc/filter-config-bundle', readOnly: true }),
    ]);
  });

  it('replaces variables of the flags in place by those of the GatewayConfig and appends new ones', () => {
    const extraEnvVars = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    const env = [
      { name: 'C', value: '3' },
      { name: 'A', value: '4' },
    ];
    const container = extProcContainer(plan({ inputs: inputs({ extraEnvVars }, { overrides: { env } }) }));
    expect(container['env']).toEqual([
      { name: 'A', value: '4' },
      { name: 'B', value: '2' },
      { name: 'C', value: '3' },
    ]);
  });

  it('is restricted, and replaced as a whole by the securityContext of the GatewayConfig', () => {
    expect(extProcContainer(plan())['securityContext']).toEqual({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const overrides = { securityContext: { runAsUser: 1 } };
    const own = extProcContainer(plan({ inputs: inputs({}, { overrides }) }));
    expect(own['securityContext']).toEqual({ runAsUser: 1 });
  });

  it('mounts socket, volumes of the GatewayConfig, legacy config and bundle in this order', () => {
    const overrides = { volumeMounts: [{ name: 'own', mountPath: '/own' }] };
    const { volumeMounts } = extProcContainer(plan({ hasLegacy: true, inputs: inputs({}, { overrides }) })) as {
      readonly volumeMounts: readonly object[];
    };
    expect(volumeMounts).toEqual([
      { name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' },
      { name: 'own', mountPath: '/own' },
      { name: 'ai-gateway-gw-default-3d45476e8d68', mountPath: '/etc/filter-config', readOnly: true },
      { name: 'ai-gateway-gw-default-3d45476e8d68-bundle', mountPath: '/etc/filter-config-bundle', readOnly: true },
    ]);
  });

  it('has port, probes on it, pull policy and the resources of the GatewayConfig', () => {
    const overrides = { resources: { limits: { cpu: '1' } } };
    expect(extProcContainer(plan({ inputs: inputs({ imagePullPolicy: 'Always' }, { overrides }) }))).toMatchObject({
      name: 'ai-gateway-extproc',
      imagePullPolicy: 'Always',
      ports: [{ name: 'aigw-admin', containerPort: 1064, protocol: 'TCP' }],
      resources: overrides.resources,
      readinessProbe: {
        httpGet: { path: '/health', port: 1064 },
        initialDelaySeconds: 2,
        timeoutSeconds: 5,
        periodSeconds: 10,
      },
      startupProbe: { httpGet: { path: '/health', port: 1064 } },
    });
    expect(extProcContainer(plan())).not.toHaveProperty('resources');
  });
});

describe('extProcVolumes', () => {
  it('projects the index and eight optional parts', () => {
    const [socket, bundle, ...more] = extProcVolumes(plan());
    expect(socket).toEqual({ name: 'ai-gateway-extproc-uds', emptyDir: {} });
    expect(more).toEqual([]);
    const { sources } = (bundle as { projected: { sources: readonly { secret: object }[] } }).projected;
    expect(sources[0]).toEqual({
      secret: { name: 'gw-default-3d45476e8d68', items: [{ key: 'index.yaml', path: 'index.yaml' }] },
    });
    expect(sources.slice(1)).toEqual(
      Array.from({ length: 8 }, (_, i) => ({
        secret: {
          name: `gw-default-3d45476e8d68-part-00${i}`,
          optional: true,
          items: [{ key: 'chunk', path: `parts/00${i}` }],
        },
      })),
    );
  });

  it('has the legacy Secret when it is there, and no socket directory for a processor on a port', () => {
    expect(extProcVolumes(plan({ hasBundle: false, hasLegacy: true, listenAddress: ':1063' }))).toEqual([
      { name: 'ai-gateway-gw-default-3d45476e8d68', secret: { secretName: 'gw-default' } },
    ]);
  });
});

describe('resolveImage', () => {
  const DIGEST = `@sha256:${'0'.repeat(64)}`;
  it.each([
    ['r.test/a:v1', {}, 'r.test/a:v1'],
    ['r.test/a:v1', { image: 'x/y:z' }, 'x/y:z'],
    ['r.test/a:v1', { imageRepository: 'x/y' }, 'x/y:v1'],
    [`r.test/a${DIGEST}`, { imageRepository: 'x/y' }, `x/y${DIGEST}`],
    [`r.test/a:v1${DIGEST}`, { imageRepository: 'x/y' }, `x/y${DIGEST}`],
    ['r.test/a', { imageRepository: 'x/y' }, 'x/y'],
    ['localhost:5000/a', { imageRepository: 'x/y' }, 'x/y'],
    ['localhost:5000/a:v1', { imageRepository: 'x:5000/y' }, 'x:5000/y:v1'],
  ])('of flag %s and GatewayConfig %j is %s', (image, overrides, expected) => {
    expect(resolveImage(inputs({ image }, { overrides }))).toBe(expected);
  });
});

describe('extProcConfigHash', () => {
  const hash = (settings: Partial<ExtProcSettings> = {}, more: Partial<ExtProcInputs> = {}) =>
    extProcConfigHash(inputs(settings, more));
  const mcp = TEST_OPTIONS.extProc.mcp;

  it('is the same for the same inputs, in whatever order their members are', () => {
    expect(hash()).toMatch(/^[0-9a-f]{64}$/);
    const reversed = Object.fromEntries(Object.entries(TEST_OPTIONS.extProc).reverse());
    expect(
      extProcConfigHash({ needsMcp: false, overrides: undefined, settings: { ...inputs().settings, ...reversed } }),
    ).toBe(hash());
  });

  it.each<[string, Partial<ExtProcSettings>, Partial<ExtProcInputs>]>([
    ['image', { image: 'x' }, {}],
    ['pull policy', { imagePullPolicy: 'Always' }, {}],
    ['pull secrets', { imagePullSecrets: ['s'] }, {}],
    ['log level', { logLevel: 'debug' }, {}],
    ['log format', { logFormat: 'json' }, {}],
    ['redaction', { enableRedaction: true }, {}],
    ['root prefix', { rootPrefix: '/x' }, {}],
    ['endpoint prefixes', { endpointPrefixes: 'openai:/x' }, {}],
    ['message size', { maxRecvMsgSizeBytes: 1 }, {}],
    ['an empty mapping of headers in place of none', attributes({ span: '' }), {}],
    ['environment', { extraEnvVars: [{ name: 'A', value: 'b' }] }, {}],
    ['GatewayConfig', {}, { overrides: { env: [{ name: 'A', value: 'b' }] } }],
    ['need for MCP', {}, { needsMcp: true }],
  ])('changes with the %s', (_, settings, more) => {
    expect(hash(settings, more)).not.toBe(hash());
  });

  it('depends on the seed of MCP sessions only when there are such', () => {
    const other = { mcp: { ...mcp, sessionEncryptionSeed: 'x' } };
    expect(hash(other)).toBe(hash());
    expect(hash(other, { needsMcp: true })).not.toBe(hash({}, { needsMcp: true }));
  });
});
