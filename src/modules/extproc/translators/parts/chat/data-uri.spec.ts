import { describe, expect, it } from '@jest/globals';
import { parseDataUri } from './data-uri.js';

describe('parseDataUri', () => {
  it.each([
    ['data:image/jpeg;base64,QUJD', 'image/jpeg', 'QUJD'],
    ['data:image/png;base64,QUI=', 'image/png', 'QUI='],
    ['data:image/png,QUJD', 'image/png', 'QUJD'],
    ['data:;base64,QUJD', '', 'QUJD'],
    ['data:,QUJD', '', 'QUJD'],
    ['DATA:Image/PNG;charset=x;base64,QUJD', 'image/png', 'QUJD'],
    ['data:image/png;base64,QUJDQQ', 'image/png', 'QUJDQQ=='],
    ['data:image/png;base64,QU\r\nJD', 'image/png', 'QUJD'],
    ['data:text/plain;base64,', 'text/plain', ''],
  ])('reads %j', (uri, mediaType, data) => {
    expect(parseDataUri(uri)).toEqual({ mediaType, data });
  });

  it.each([
    ['no scheme', 'image/png;base64,QUJD'],
    ['an address', 'https://host/a.png'],
    ['no comma', 'data:image/png;base64'],
    ['broken base64', 'data:image/png;base64,Q*JD'],
    ['the alphabet of URLs', 'data:image/png;base64,Q-_D'],
    ['one left over', 'data:image/png;base64,QUJDQ'],
    ['wrong padding', 'data:image/png;base64,QUJDQQ='],
    ['padding in the middle', 'data:image/png;base64,QQ==QUJD'],
    ['a head without an end', `data:${'a'.repeat(2000)},QUJD`],
    ['nothing', ''],
  ])('refuses %s', (_, uri) => {
    expect(parseDataUri(uri)).toBeUndefined();
  });

  it('reads 30 MB in a moment', () => {
    const start = performance.now();
    expect(parseDataUri(`data:image/png;base64,${'A'.repeat(30 << 20)}`)?.data).toHaveLength(30 << 20);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
