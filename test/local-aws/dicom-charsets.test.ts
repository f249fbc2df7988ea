import fc from 'fast-check';
import { decodeText } from '../../local-aws/medical-imaging/dicom/charset.ts';
import { attributesOf, part10, type TestElement } from './part10.ts';

/** What becomes of a name and a text that are written in a character set, or in several. */
async function textsOf(characterSet: string, name: Buffer, text = name) {
  const file = part10([
    ['00080005', 'CS', characterSet],
    ['00100010', 'PN', even(name)],
    ['00104000', 'LT', even(text)],
  ]);
  const { PatientName, PatientComments } = await attributesOf(file);
  return { PatientName, PatientComments };
}

const even = (bytes: Buffer) => (bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')]));
const latin = (text: string) => Buffer.from(text, 'latin1');

// Examples of PS3.5 annexes H, I, J and K.
describe('a text', () => {
  test.each<[string, string, Buffer, string]>([
    ['Latin-1', 'ISO_IR 100', latin('Buc^J\xe9r\xf4me'), 'Buc^Jérôme'],
    ['Latin-2', 'ISO_IR 101', latin('Wa\xb3\xeasa'), 'Wałęsa'],
    ['Cyrillic', 'ISO_IR 144', latin('\xbb\xee\xda'), 'Люк'],
    ['Greek', 'ISO_IR 126', latin('\xc4\xe9\xef\xed'), 'Διον'],
    ['Arabic', 'ISO_IR 127', latin('\xe2\xc8\xc7'), 'قبا'],
    ['Hebrew', 'ISO_IR 138', latin('\xf9\xf8\xe5'), 'שרו'],
    ['Turkish', 'ISO_IR 148', latin('\xc7avu\xfeo\xf0lu'), 'Çavuşoğlu'],
    ['Thai', 'ISO_IR 166', latin('\xb9\xd2'), 'นา'],
    ['half-width katakana', 'ISO_IR 13', latin('\xd4\xcf\xc0\xde'), 'ﾔﾏﾀﾞ'],
    ['UTF-8', 'ISO_IR 192', Buffer.from('Müller=山田=やまだ'), 'Müller=山田=やまだ'],
    ['GB18030', 'GB18030', latin('\xcd\xf5^\xd0\xa1\xb6\xab'), '王^小东'],
    ['GBK', 'GBK', latin('\xcd\xf5'), '王'],
    ['Latin-9, which came to the standard later', 'ISO_IR 203', latin('\xa4\xbd'), '€œ'],
    ['UTF-8 by the name that it does not have in DICOM', 'UTF-8', Buffer.from('Müller'), 'Müller'],
    ['a set that nobody knows, as Latin-1', 'ISO_IR 999', latin('M\xfcller'), 'Müller'],
    ['no set, as Latin-1', '', latin('M\xfcller'), 'Müller'],
    [
      'Japanese with code extensions',
      '\\ISO 2022 IR 87',
      latin('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B'),
      'Yamada^Tarou=山田^太郎=やまだ^たろう',
    ],
    [
      'Japanese that begins with katakana',
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      latin('\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J'),
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
    ],
    [
      'Korean with code extensions',
      '\\ISO 2022 IR 149',
      latin('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7'),
      'Hong^Gildong=洪^吉洞',
    ],
    [
      'Chinese with code extensions',
      '\\ISO 2022 IR 58',
      latin('Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab='),
      'Zhang^XiaoDong=张^小东',
    ],
    [
      'Greek and Cyrillic one after the other',
      'ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126',
      latin('Dion=\x1b-F\xc4\xe9\xef\xed=\x1b-L\xbb\xee\xda'),
      'Dion=Διον=Люк',
    ],
    [
      'an escape sequence to a set that the file does not name',
      'ISO_IR 100',
      latin('\x1b$B;3ED\x1b(B'),
      '山田',
    ],
  ])('in %s', async (_, characterSet, bytes, expected) => {
    expect(await textsOf(characterSet, bytes)).toMatchObject({ PatientName: expected });
  });

  test('of a value whose bytes contain a backslash that is half a character is not cut', async () => {
    // 俑 is 50 5C in JIS X 0208, and 5C is a backslash in the default repertoire.
    const file = part10([
      ['00080005', 'CS', '\\ISO 2022 IR 87'],
      ['00081080', 'LO', even(latin('\x1b$BP\\;3\x1b(B\\second'))],
    ]);
    expect((await attributesOf(file))['AdmittingDiagnosesDescription']).toEqual(['俑山', 'second']);
  });

  test('of an item is in the set of the item, or in that of the data set around it', async () => {
    const sequence = (elements: readonly TestElement[]): TestElement => [
      '00081110',
      'SQ',
      { items: [elements] },
    ];
    const file = (inItem: readonly TestElement[]) =>
      part10([
        ['00080005', 'CS', 'ISO_IR 144'],
        sequence([...inItem, ['00080050', 'SH', latin('\xbb\xee')]]),
      ]);
    const number = async (inItem: readonly TestElement[]) =>
      (await attributesOf(file(inItem)))['ReferencedStudySequence'];
    expect(await number([])).toEqual([{ AccessionNumber: 'Лю' }]);
    expect(await number([['00080005', 'CS', 'ISO_IR 100']])).toEqual([
      { SpecificCharacterSet: ['ISO_IR 100'], AccessionNumber: '»î' },
    ]);
  });

  test('with bytes that its set does not have is read all the same', async () => {
    expect(await textsOf('ISO_IR 192', latin('M\xfcller'))).toMatchObject({ PatientName: 'M\uFFFDller' });
    expect(await textsOf('\\ISO 2022 IR 87', latin('\x1b$B;3E'))).toMatchObject({
      PatientName: expect.any(String),
    });
    expect(await textsOf('\\ISO 2022 IR 159', latin('\x1b$(D;'))).toMatchObject({
      PatientName: expect.any(String),
    });
    expect(await textsOf('ISO_IR 100', latin('a\x1b[31mb'))).toMatchObject({
      PatientName: expect.any(String),
    });
  });

  test('of any bytes in any sets is read', () => {
    const numbers = [6, 13, 58, 87, 100, 126, 127, 138, 144, 149, 159, 166, 192, 203, 999];
    const set = fc.oneof(
      fc.constantFrom('', 'GBK', 'GB18030', 'UTF-8'),
      fc
        .tuple(fc.constantFrom('ISO_IR', 'ISO 2022 IR'), fc.constantFrom(...numbers))
        .map((parts) => parts.join(' ')),
      fc.string({ maxLength: 10 }),
    );
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('\x1b$B', '\x1b$)C', '\x1b$(D', '\x1b(J', '\x1b)I', '\x1b-F', '\x1b').map(latin),
    );
    fc.assert(
      fc.property(
        fc.array(set, { maxLength: 3 }),
        fc.array(piece, { maxLength: 6 }),
        fc.constantFrom('PN', 'LO', 'LT'),
        (sets, pieces, vr) => {
          expect(typeof decodeText(Buffer.concat(pieces), sets.join('\\'), vr)).toBe('string');
        },
      ),
      { numRuns: 5000 },
    );
  });
});
