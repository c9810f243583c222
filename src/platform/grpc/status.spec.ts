import { describe, expect, it } from '@jest/globals';
import { GrpcError, encodeGrpcMessage, grpcStatus, parseGrpcTimeout } from './status.js';

describe('parseGrpcTimeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['250m', 250],
    ['500u', 0.5],
    ['1000000n', 1],
    ['0S', 0],
    ['00000001S', 1000],
  ])('reads %s as %d ms', (text, timeoutMs) => {
    expect(parseGrpcTimeout(text)).toBeCloseTo(timeoutMs, 9);
  });

  it.each([[undefined], [''], ['1'], ['S'], ['1s'], ['1h'], ['-1S'], ['1.5S'], ['123456789S'], [' 1S'], ['1S ']])(
    'reads %p as no timeout',
    (text) => {
      expect(parseGrpcTimeout(text)).toBeUndefined();
    },
  );

  it.each(['99999999H', '2147484S'])('bounds %s by what a timer can wait', (text) => {
    expect(parseGrpcTimeout(text)).toBe(2 ** 31 - 1);
  });
});

describe('encodeGrpcMessage', () => {
  it.each([
    ['unknown method', 'unknown%20method'],
    ['100 %', '100%20%25'],
    ['größe', 'gr%C3%B6%C3%9Fe'],
    ['a\r\nb: c', 'a%0D%0Ab:%20c'],
    ['\u0000\u007f', '%00%7F'],
    ['', ''],
  ])('encodes %p', (text, expected) => {
    expect(encodeGrpcMessage(text)).toBe(expected);
  });

  it('cuts long texts, also in the middle of a character', () => {
    expect(encodeGrpcMessage('a'.repeat(5000))).toBe('a'.repeat(1024));
    expect(encodeGrpcMessage(`${'a'.repeat(1023)}😀`)).toBe(`${'a'.repeat(1023)}%EF%BF%BD`);
  });
});

describe('GrpcError', () => {
  it('carries its code', () => {
    expect(new GrpcError(grpcStatus.notFound, 'x')).toMatchObject({ name: 'GrpcError', code: 5, message: 'x' });
  });
});
