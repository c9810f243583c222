import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import { Redacted } from '../../shared/secret.js';
import { createLogger, type LoggerSettings } from './logger.js';
import { NestLogger } from './nest-logger.js';

function capture(settings: LoggerSettings) {
  const lines: string[] = [];
  const logger = createLogger(settings, { write: (line: string) => void lines.push(line) });
  return { logger, lines };
}
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

describe('createLogger', () => {
  it('writes slog text', () => {
    const { logger, lines } = capture({ logLevel: 'info', logFormat: 'text' });
    logger.child({ request_id: 'r1' }).info({ path: '/v1/chat' }, 'request refused');
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(`^time=${TIME} level=INFO msg="request refused" request_id=r1 path=/v1/chat\n$`),
      ),
    ]);
  });

  it('writes JSON lines', () => {
    const { logger, lines } = capture({ logLevel: 'info', logFormat: 'json' });
    logger.warn({ count: 2 }, 'two words');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      time: expect.stringMatching(new RegExp(`^${TIME}$`)),
      level: 'WARN',
      msg: 'two words',
      count: 2,
    });
  });

  it.each([
    ['debug', ['DEBUG', 'INFO', 'WARN', 'ERROR', 'ERROR']],
    ['info', ['INFO', 'WARN', 'ERROR', 'ERROR']],
    ['warn', ['WARN', 'ERROR', 'ERROR']],
    ['error', ['ERROR', 'ERROR']],
    ['silent', []],
  ] as const)('writes what is at or above %s', (logLevel, expected) => {
    const { logger, lines } = capture({ logLevel, logFormat: 'json' });
    logger.trace('m');
    logger.debug('m');
    logger.info('m');
    logger.warn('m');
    logger.error('m');
    logger.fatal('m');
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
  });

  it('shows a user-facing error by its message and its cause by the stack', () => {
    const { logger, lines } = capture({ logLevel: 'info', logFormat: 'json' });
    logger.error(new UserFacingError('cannot load x', { cause: new TypeError('boom') }));
    const { error, msg } = JSON.parse(lines[0]!) as { error: string; msg: string };
    expect(msg).toBe('cannot load x');
    expect(error).toMatch(/^cannot load x\ncaused by: TypeError: boom\n {4}at /);
  });

  it('ends a circular chain of causes', () => {
    const { logger, lines } = capture({ logLevel: 'info', logFormat: 'json' });
    const error = new UserFacingError('loop');
    error.cause = error;
    logger.error({ error }, 'failed');
    expect(JSON.parse(lines[0]!)).toMatchObject({ error: Array(5).fill('loop').join('\ncaused by: ') });
  });

  it('never writes a secret', () => {
    const { logger, lines } = capture({ logLevel: 'debug', logFormat: 'text' });
    logger.info({ key: new Redacted('sk-1') }, 'loaded');
    expect(lines.join('')).toContain('msg=loaded key=[REDACTED]\n');
  });
});

describe('NestLogger', () => {
  it('keeps warnings and errors and moves everything lower to debug', () => {
    const { logger, lines } = capture({ logLevel: 'debug', logFormat: 'text' });
    const nest = new NestLogger(logger);
    nest.log('Starting', 'NestFactory');
    nest.verbose('detail', 'NestFactory');
    nest.warn('careful', 'X');
    nest.error('broken', 'X');
    expect(lines.map((text) => text.replace(/^time=\S+ /, ''))).toEqual([
      'level=DEBUG msg=Starting context=NestFactory\n',
      'level=DEBUG msg=detail context=NestFactory\n',
      'level=WARN msg=careful context=X\n',
      'level=ERROR msg=broken context=X\n',
    ]);
  });
});
