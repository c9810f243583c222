import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseXml, textAt } from './xml-element.js';

describe('parseXml', () => {
  it('reads elements, text and entities when there are attributes, comments and a declaration', () => {
    const root = parseXml(
      '<?xml version="1.0"?>\n<A xmlns="urn:x" b=\'2\'><!-- <B>no</B> --><B> a&lt;&amp;&#65;&#x42; </B><C/></A>\n',
    );
    expect(root).toMatchObject({
      name: 'A',
      children: [
        { name: 'B', text: ' a<&AB ' },
        { name: 'C', text: '' },
      ],
    });
    expect(textAt(root, 'B')).toBe('a<&AB');
  });

  it.each([
    ['nothing', ''],
    ['JSON', '{"a":1}'],
    ['an element that stays open', '<A><B>x</B>'],
    ['elements that cross', '<A><B></A></B>'],
    ['two roots', '<A/><B/>'],
    ['text beside the root', '<A/>x'],
    ['a document type', '<!DOCTYPE A [<!ENTITY e "x">]><A>&e;</A>'],
    ['an unknown entity', '<A>&e;</A>'],
    ['a bare ampersand', '<A>a & b</A>'],
    ['a character that is none', '<A>&#x110000;</A>'],
    ['CDATA', '<A><![CDATA[x]]></A>'],
    ['a broken tag', '<A><B</A>'],
    ['too many levels', `${'<A>'.repeat(17)}${'</A>'.repeat(17)}`],
  ])('refuses %s', (_what, source) => {
    expect(parseXml(source)).toBeUndefined();
  });

  it('never throws, whatever it is given', () => {
    const piece = fc.constantFrom('<A>', '</A>', '<B/>', '&amp;', '&', '<', '>', 'x', '<!--', '-->', '<?', '?>', '"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect([undefined, 'A', 'B']).toContain(parseXml(pieces.join(''))?.name);
      }),
    );
  });

  it('takes time in proportion to a megabyte of hostile text', () => {
    const started = performance.now();
    for (const source of [
      '<A '.repeat(350_000),
      '<!--'.repeat(250_000),
      `<A ${'b="'.repeat(300_000)}`,
      '<?'.repeat(500_000),
    ]) {
      expect(parseXml(source)).toBeUndefined();
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('textAt', () => {
  it('gives nothing when the element is missing, empty or there twice', () => {
    const root = parseXml('<A><B>1</B><B>2</B><C> </C></A>');
    expect([textAt(root, 'B'), textAt(root, 'C'), textAt(root, 'D'), textAt(root, 'D', 'E')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
