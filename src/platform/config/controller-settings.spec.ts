import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import { parseControllerSettings } from './controller-settings.js';

const ENV = { POD_NAMESPACE: 'envoy-ai-gateway-system' };
const parse = (...argv: string[]) => parseControllerSettings(argv, ENV);

describe('parseControllerSettings', () => {
  it('gives the defaults when no flag is given', () => {
    const settings = parse();
    expect(settings).toMatchObject({
      podNamespace: 'envoy-ai-gateway-system',
      envoyGatewayNamespace: 'envoy-gateway-system',
      watchNamespaces: [],
      azureAmbientNamespaces: [],
      failsClosedUntilHookSeen: false,
      separatesAuthentication: false,
      filtersBeforeExtProc: [],
      metadataForwardingNamespaces: [],
      cacheSyncTimeoutMs: 120_000,
      enableLeaderElection: true,
      migratesStorageVersions: true,
      extProcMode: 'sidecar',
      address: { kind: 'tcp', host: '', port: 1063 },
      maxRecvMsgSizeBytes: 268_435_456,
      webhookPort: 9443,
      webhookTls: { directory: '/certs', caName: 'ca.crt', certName: 'tls.crt', keyName: 'tls.key' },
      logLevel: 'info',
      logFormat: 'text',
      extProc: {
        image: 'docker.io/envoyproxy/ai-gateway-extproc:latest',
        imagePullPolicy: 'IfNotPresent',
        imagePullSecrets: [],
        logLevel: 'info',
        maxRecvMsgSizeBytes: 536_870_912,
        headerAttributes: { all: undefined, span: undefined, metrics: undefined, log: undefined },
        extraEnvVars: [],
      },
    });
    expect([...settings.logRequestHeaderAttributes]).toEqual([['agent-session-id', 'session.id']]);
  });

  it.each(['-', '--'])('takes every flag of the chart with "%s"', (dash) => {
    const flags = [
      'extProcImage=i:1',
      'extProcImagePullPolicy=Always',
      'extProcLogLevel=INFO+2',
      'extProcLogFormat=json',
      'envoyGatewayNamespace=eg',
      'endpointPrefixes=openai:,cohere:/cohere,anthropic:/anthropic',
      'tlsCertDir=/c',
      'tlsCertName=a',
      'tlsKeyName=b',
      'caBundleName=c',
      'webhookPort=1',
      'rootPrefix=/ai',
      'cacheSyncTimeout=1m',
      'watchNamespaces= a , ,b',
      'azureAmbientNamespaces=c, *',
      'failClosedUntilHookSeen',
      'separateAuthentication=true',
      'filtersBeforeExtProc=envoy.filters.http.lua/a, envoy.filters.http.wasm/b',
      'metadataForwardingNamespaces=io.a,io.b',
      'quotaRateLimitServiceAddr=x',
      'quotaRateLimitTimeout=1',
      'quotaRateLimitFailureModeDeny=true',
      'mcpSessionEncryptionSeed=s',
      'mcpSessionEncryptionIterations=1',
      'extProcEnableRedaction=true',
      'extProcImagePullSecrets=a; b;;',
      'requestHeaderAttributes=x:y',
      'metricsRequestHeaderAttributes=x:y',
      'spanRequestHeaderAttributes=',
      'logRequestHeaderAttributes=',
      'extProcExtraEnvVars=A=1',
      'enableLeaderElection=false',
      'maxRecvMsgSize=1000',
      'logLevel=dpanic',
      'logFormat=json',
    ].map((flag) => dash + flag);
    const settings = parse(...flags);
    expect(settings).toMatchObject({
      watchNamespaces: ['a', 'b'],
      azureAmbientNamespaces: ['c', '*'],
      failsClosedUntilHookSeen: true,
      separatesAuthentication: true,
      filtersBeforeExtProc: ['envoy.filters.http.lua/a', 'envoy.filters.http.wasm/b'],
      metadataForwardingNamespaces: ['io.a', 'io.b'],
      enableLeaderElection: false,
      migratesStorageVersions: false,
      logLevel: 'error',
      extProc: {
        imagePullSecrets: ['a', 'b'],
        extraEnvVars: [{ name: 'A', value: '1' }],
        headerAttributes: { all: 'x:y', span: '', metrics: 'x:y', log: '' },
      },
    });
    expect([...settings.logRequestHeaderAttributes]).toEqual([['x', 'y']]);
  });

  it.each([
    ['-logLevel=loud', '-logLevel: unknown level "loud"'],
    ['-logFormat=xml', '-logFormat: unknown format "xml"'],
    ['-extProcLogLevel=loud', '-extProcLogLevel: unknown level "loud"'],
    ['-extProcLogFormat=xml', '-extProcLogFormat: unknown format "xml"'],
    ['-extProcImagePullPolicy=Often', '-extProcImagePullPolicy: unknown policy "Often"'],
    ['-extProcMode=daemon', '-extProcMode: unknown mode "daemon"'],
    ['-extProcReplicas=0', '-extProcReplicas: 0'],
    ['-extProcExtraEnvVars=A', '-extProcExtraEnvVars: entry 1'],
    ['-requestHeaderAttributes=x', '-requestHeaderAttributes: pair 1'],
    ['-spanRequestHeaderAttributes=x', '-spanRequestHeaderAttributes: pair 1'],
    ['-metricsRequestHeaderAttributes=x', '-metricsRequestHeaderAttributes: pair 1'],
    ['-logRequestHeaderAttributes=x', '-logRequestHeaderAttributes: pair 1'],
    ['-endpointPrefixes=x:/y', '-endpointPrefixes: pair 1'],
    ['-mcpSessionEncryptionIterations=0', '-mcpSessionEncryptionIterations: expected a number above 0'],
    ['-mcpSessionEncryptionIterations=-1', '-mcpSessionEncryptionIterations: expected a number above 0'],
    ['-webhookPort=70000', '-webhookPort: 70000 is no port'],
    ['-port=x', '-port: invalid address "x"'],
    ['-maxRecvMsgSize=0', '-maxRecvMsgSize: 0'],
    ['-nope', 'flag provided but not defined: -nope'],
  ])('refuses %s', (flag, message) => {
    expect(() => parse(flag)).toThrow(UserFacingError);
    expect(() => parse(flag)).toThrow(message);
  });

  it.each(['0', '-1'])('asks for fallback iterations other than %s only when there is a fallback seed', (value) => {
    const iterations = `-mcpFallbackSessionEncryptionIterations=${value}`;
    expect(parse(iterations)).toBeDefined();
    expect(() => parse('-mcpFallbackSessionEncryptionSeed=s', iterations)).toThrow(
      '-mcpFallbackSessionEncryptionIterations',
    );
  });

  it.each([
    ['', []],
    ['one', ['one']],
    ['one;two', ['one', 'two']],
    [' one ; two ', ['one', 'two']],
    [';one;;two;', ['one', 'two']],
    [' ; ;', []],
  ])('reads the pull secrets %j', (text, expected) => {
    expect(parse(`-extProcImagePullSecrets=${text}`).extProc.imagePullSecrets).toEqual(expected);
  });

  it.each([
    ['', []],
    ['one', ['one']],
    ['one,two', ['one', 'two']],
    [' one , , two ', ['one', 'two']],
    [' , ', []],
  ])('reads the namespaces %j', (text, expected) => {
    expect(parse(`-watchNamespaces=${text}`).watchNamespaces).toEqual(expected);
  });

  it('names everything that is wrong at once, a missing namespace included', () => {
    expect(() => parseControllerSettings(['-logFormat=xml'], {})).toThrow(/POD_NAMESPACE: not set[^]*-logFormat/);
  });
});
