import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import { DEFAULT_TRANSLATION_OPTIONS } from '../../shared/translation-options.js';
import { parseExtprocSettings } from './extproc-settings.js';

const SESSION = [['agent-session-id', 'session.id']];
const FILE = ['-configPath', '/etc/config.yaml'];
const ENV = { AIGW_VERSION: 'v1' };
const parse = (...argv: string[]) => parseExtprocSettings([...FILE, ...argv], ENV);

describe('parseExtprocSettings', () => {
  it('gives the defaults when only the config is named', () => {
    const { spanRequestHeaderAttributes, metricsRequestHeaderAttributes, logRequestHeaderAttributes, ...rest } =
      parse();
    expect(rest).toEqual({
      version: 'v1',
      translation: DEFAULT_TRANSLATION_OPTIONS,
      config: { kind: 'file', path: '/etc/config.yaml' },
      address: { kind: 'tcp', host: '', port: 1063 },
      logLevel: 'info',
      logFormat: 'text',
      enableRedaction: false,
      adminPort: 1064,
      rootPrefix: '/',
      endpointPrefixes: { openai: '/', cohere: '/cohere', anthropic: '/anthropic' },
      maxRecvMsgSizeBytes: Number.MAX_SAFE_INTEGER,
      shutdownDelayMs: 15_000,
      stripInternalHeaders: false,
      gcpAuthProxyUrl: undefined,
      tracing: undefined,
      metricsExport: undefined,
    });
    expect([...spanRequestHeaderAttributes]).toEqual(SESSION);
    expect([...metricsRequestHeaderAttributes]).toEqual([]);
    expect([...logRequestHeaderAttributes]).toEqual(SESSION);
  });

  it('takes the arguments that the controller injects', () => {
    const settings = parseExtprocSettings(
      // prettier-ignore
      ['-configBundlePath', '/etc/filter-config-bundle', '-logLevel', 'debug', '-extProcAddr', 'unix:///run/run.sock',
       '-adminPort', '1064', '-rootPrefix', '/ai', '-maxRecvMsgSize', '536870912', '-logFormat', 'json',
       '-requestHeaderAttributes', 'x-team:team', '-endpointPrefixes', 'openai:', '-enableRedaction'],
      ENV,
    );
    expect(settings).toMatchObject({
      config: { kind: 'bundle', path: '/etc/filter-config-bundle' },
      address: { kind: 'unix', path: '/run/run.sock' },
      logLevel: 'debug',
      logFormat: 'json',
      enableRedaction: true,
      rootPrefix: '/ai',
      maxRecvMsgSizeBytes: 536_870_912,
      endpointPrefixes: { openai: '/' },
    });
  });

  it('prefers the bundle when both sources are given', () => {
    expect(parse('-configBundlePath=/bundle').config).toEqual({ kind: 'bundle', path: '/bundle' });
  });

  it('merges the base mapping into all three and lets the specific one win', () => {
    const settings = parse('-requestHeaderAttributes=x-a:base,x-b:base', '-metricsRequestHeaderAttributes=x-b:own');
    expect([...settings.metricsRequestHeaderAttributes]).toEqual([
      ['x-a', 'base'],
      ['x-b', 'own'],
    ]);
    expect([...settings.spanRequestHeaderAttributes]).toEqual([['x-a', 'base'], ['x-b', 'base'], ...SESSION]);
  });

  it('drops the default of a mapping that is given as empty', () => {
    const settings = parse('-requestHeaderAttributes=x-a:base', '-logRequestHeaderAttributes=');
    expect([...settings.logRequestHeaderAttributes]).toEqual([['x-a', 'base']]);
  });

  it('takes MCP flags without an MCP address', () => {
    const settings = parse('-mcpSessionEncryptionSeed=s', '-mcpSessionEncryptionIterations=5', '-mcpWriteTimeout=1m');
    expect(settings.adminPort).toBe(1064);
  });

  it('reads the GCP proxy from the environment', () => {
    const settings = parseExtprocSettings(FILE, { ...ENV, AI_GATEWAY_GCP_AUTH_PROXY_URL: 'http://user:pw@proxy:3128' });
    expect(settings.gcpAuthProxyUrl?.host).toBe('proxy:3128');
  });

  it.each([
    [['-adminPort', '70000'], '-adminPort: 70000 is no port; expected 0 to 65535'],
    [['-adminPort', '-1'], '-adminPort: -1 is no port; expected 0 to 65535'],
    [['-logFormat', 'xml'], '-logFormat: unknown format "xml"; expected text or json'],
    [['-logLevel', 'loud'], '-logLevel: unknown level "loud"; expected debug, info, warn or error'],
    [['-extProcAddr', 'foo'], '-extProcAddr: invalid address "foo": expected host:port, :port or unix://<path>'],
    [['-endpointPrefixes', 'x:/'], '-endpointPrefixes: pair 1: unknown key "x"; expected openai, cohere or anthropic'],
    [
      ['-requestHeaderAttributes', 'a'],
      '-requestHeaderAttributes: pair 1: "a" has no colon; expected header:attribute',
    ],
    [
      ['-spanRequestHeaderAttributes', 'a:b,'],
      '-spanRequestHeaderAttributes: pair 2: it is empty; remove the extra comma',
    ],
    [
      ['-metricsRequestHeaderAttributes', ':b'],
      '-metricsRequestHeaderAttributes: pair 1: ":b" has no header name; expected header:attribute',
    ],
    [
      ['-logRequestHeaderAttributes', 'a:'],
      '-logRequestHeaderAttributes: pair 1: "a:" has no attribute name; expected header:attribute',
    ],
    [['-maxRecvMsgSize', '0'], '-maxRecvMsgSize: 0 leaves no room for a message; expected a number of bytes above 0'],
    [['-shutdownDelay', '-1s'], '-shutdownDelay: a negative duration cannot be waited for; expected 0s or more'],
    [['-shutdownDelay', '2h'], '-shutdownDelay: longer than 1h; expected a duration within which a pod may end'],
    [
      ['-mcpAddr', ':9856'],
      '-mcpAddr: the MCP proxy is not supported by this build; leave the flag out and detach MCPRoutes',
    ],
  ])('rejects %j', (argv, problem) => {
    expect(() => parse(...argv)).toThrow(new UserFacingError(`cannot start with these settings:\n  ${problem}`));
  });

  it('rejects a GCP proxy that is no URL without repeating it', () => {
    expect(() => parseExtprocSettings(FILE, { ...ENV, AI_GATEWAY_GCP_AUTH_PROXY_URL: 'user:pw@proxy' })).toThrow(
      new UserFacingError(
        'cannot start with these settings:\n  AI_GATEWAY_GCP_AUTH_PROXY_URL: no valid http:// or https:// URL; correct it or leave it out',
      ),
    );
  });

  it('reports everything that is wrong together', () => {
    expect(() => parseExtprocSettings(['-logFormat=xml', '-logLevel=loud'], ENV)).toThrow(
      new UserFacingError(
        [
          'cannot start with these settings:',
          '-configPath, -configBundlePath: neither is set; one must name the filter config',
          '-logLevel: unknown level "loud"; expected debug, info, warn or error',
          '-logFormat: unknown format "xml"; expected text or json',
        ].join('\n  '),
      ),
    );
  });

  it('reports a flag that cannot be read before anything else', () => {
    expect(() => parseExtprocSettings(['-logFormat=xml', '-adminPort=high'], ENV)).toThrow(
      new UserFacingError('invalid value "high" for flag -adminPort: expected a whole number'),
    );
  });
});
