import { readFileSync } from 'node:fs';
import {
  attributesOf,
  bytes,
  implicitLittleEndian,
  encode,
  header,
  part10,
  read,
  syntaxes,
  words,
} from './part10.ts';
import type { TestElement } from './part10.ts';

const doubles = (...numbers: number[]) => Buffer.from(Float64Array.from(numbers).buffer);
const bigints = (...numbers: bigint[]) => Buffer.from(BigInt64Array.from(numbers).buffer);

/** The value of one attribute of a file that has it. */
async function valueOf(element: TestElement, name: string, syntax: string = syntaxes.explicit) {
  return (await attributesOf(part10([element], syntax)))[name];
}

describe('the value of an attribute', () => {
  // Members of a metadata document of the live service (tests of DIAGNijmegen/rse-grand-challenge) where it has them.
  test.each<[string, TestElement, string, unknown]>([
    ['an empty text is null', ['00100040', 'CS', ''], 'PatientSex', null],
    ['a text of padding is null', ['00100040', 'CS', '  '], 'PatientSex', null],
    ['an empty number is null', ['00186024', 'US', Buffer.alloc(0)], 'PhysicalUnitsXDirection', null],
    ['an empty list is null', ['00081161', 'UL', Buffer.alloc(0)], 'SimpleFrameList', null],
    ['bytes of no length are null', ['00143050', 'OB', Buffer.alloc(0)], 'DarkCurrentCounts', null],
    [
      'a sequence without items is an empty list',
      ['00081110', 'SQ', { items: [] }],
      'ReferencedStudySequence',
      [],
    ],
    ['DS keeps its padding', ['00180060', 'DS', '120'], 'KVP', '120 '],
    ['IS keeps its padding', ['00200011', 'IS', '1'], 'SeriesNumber', '1 '],
    ['a NUL is no padding that DS could keep', ['00180060', 'DS', Buffer.from('120\0')], 'KVP', '120'],
    ['the other texts lose theirs', ['00080070', 'LO', 'Maker'], 'Manufacturer', 'Maker'],
    ['and NULs that stand for it', ['00080070', 'LO', Buffer.from('Maker\0')], 'Manufacturer', 'Maker'],
    ['but keep leading spaces', ['00080070', 'LO', ' Maker'], 'Manufacturer', ' Maker'],
    [
      'one value is a list where there may be several',
      ['00181020', 'LO', '3.1.62'],
      'SoftwareVersions',
      ['3.1.62'],
    ],
    ['as are several', ['00280030', 'DS', '0.25\\0.25'], 'PixelSpacing', ['0.25', '0.25 ']],
    ['and several where there should be one', ['00080070', 'LO', 'A\\B'], 'Manufacturer', ['A', 'B']],
    [
      'an empty one between others is null',
      ['00200020', 'CS', 'L\\\\P'],
      'PatientOrientation',
      ['L', null, 'P'],
    ],
    ['LT is one value whatever it holds', ['00204000', 'LT', 'C:\\temp'], 'ImageComments', 'C:\\temp'],
    ['so is ST', ['00082111', 'ST', 'x\\y'], 'DerivationDescription', 'x\\y'],
    ['so is UT', ['0040A160', 'UT', 'one\\two'], 'TextValue', 'one\\two'],
    ['so is UR', ['00081190', 'UR', 'http://h/a\\b'], 'RetrieveURL', 'http://h/a\\b'],
    ['US is a number', ['00280010', 'US', words(640)], 'Rows', 640],
    ['SS has a sign', ['00189219', 'SS', words(0xfffe)], 'TagAngleSecondAxis', -2],
    [
      'FL is the number that four bytes make',
      ['00720076', 'FL', Buffer.from(Float32Array.of(0.1).buffer)],
      'SelectorFLValue',
      [0.10000000149011612],
    ],
    ['FD is exact', ['00720074', 'FD', doubles(0.1, 1e300)], 'SelectorFDValue', [0.1, 1e300]],
    [
      'what JSON has no number for is a text',
      ['00720074', 'FD', doubles(NaN, -Infinity)],
      'SelectorFDValue',
      ['NaN', '-Infinity'],
    ],
    [
      'SV is exact beyond 2^53',
      ['00720082', 'SV', bigints(-(2n ** 60n), 7n)],
      'SelectorSVValue',
      ['-1152921504606846976', 7],
    ],
    [
      'UV is exact beyond 2^63',
      ['00720083', 'UV', bigints(-(2n ** 63n) + 1n)],
      'SelectorUVValue',
      ['9223372036854775809'],
    ],
    ['AT is a tag', ['00280009', 'AT', words(0x18, 0x1063)], 'FrameIncrementPointer', ['00181063']],
    ['OB is base64', ['00420011', 'OB', Buffer.from('%PDF')], 'EncapsulatedDocument', 'JVBERg=='],
    ['OW is base64', ['00281201', 'OW', words(1, 256)], 'RedPaletteColorLookupTableData', 'AQAAAQ=='],
    ['a retired attribute has its keyword', ['00101000', 'LO', 'OTHER1'], 'OtherPatientIDs', ['OTHER1']],
    ['one of a repeating group has its tag', ['60020010', 'US', words(4)], '60020010', 4],
    [
      'a name has its three component groups',
      ['00100010', 'PN', 'A^B=C^D=E^F'],
      'PatientName',
      'A^B=C^D=E^F',
    ],
    ['and no delimiters of those that it does not have', ['00100010', 'PN', 'A^B=='], 'PatientName', 'A^B'],
  ])('%s', async (_, element, name, expected) => {
    expect(await valueOf(element, name)).toEqual(expected);
  });

  test('UIDs stay as they are spelled, and those that are none are warned of', async () => {
    const { studyUid, levels, warnings } = await read(part10([['0020000D', 'UI', '1.2.3.a1']]));
    expect(studyUid).toBe('1.2.3.a1');
    expect(levels.study['StudyInstanceUID']).toBe('1.2.3.a1');
    expect(warnings).toMatchObject([{ warning_reason_code: 45570 }]);
    expect((await read(part10([['0020000D', 'UI', '1.2..3']]))).warnings).toHaveLength(1);
    expect((await read(part10([['0020000D', 'UI', '1.02.3']]))).warnings).toHaveLength(1);
    expect((await read(part10([['0020000D', 'UI', '1.0.3']]))).warnings).toEqual([]);
  });

  test('group 0002 is among the attributes of the instance', async () => {
    const { levels } = await read(part10([]));
    expect(levels.instance).toMatchObject({
      FileMetaInformationGroupLength: expect.any(Number),
      FileMetaInformationVersion: 'AAE=',
      TransferSyntaxUID: syntaxes.explicit,
    });
  });

  test('pixel data are none, those of an icon are', async () => {
    const icon: TestElement = ['00880200', 'SQ', { items: [[['7FE00010', 'OB', bytes(4)]]] }];
    const attributes = await attributesOf(part10([icon, ['7FE00010', 'OB', bytes(16)]]));
    expect(attributes).not.toHaveProperty('PixelData');
    expect(attributes['IconImageSequence']).toEqual([{ PixelData: 'AAECAw==' }]);
  });
});

describe('private attributes', () => {
  const elements: TestElement[] = [
    ['00091001', 'LO', 'secret'],
    ['00090010', 'LO', 'ACME 1.0'],
  ];

  test('have their tags, and their VRs beside them', async () => {
    const { levels, vrs } = await read(part10(elements));
    expect(levels.instance).toMatchObject({ '00090010': 'ACME 1.0', '00091001': 'secret' });
    expect(vrs).toEqual({ '00090010': 'LO', '00091001': 'LO' });
  });

  // PS3.5 sections 6.2.2 and 7.8.1.
  test('are UN where the file has no VR, but for their creators', async () => {
    const { levels, vrs } = await read(part10(elements, syntaxes.implicit));
    expect(levels.instance).toMatchObject({ '00090010': 'ACME 1.0', '00091001': 'c2VjcmV0' });
    expect(vrs).toEqual({ '00090010': 'LO', '00091001': 'UN' });
  });

  test('that lie in items have their VRs too', async () => {
    const { vrs } = await read(part10([['00081110', 'SQ', { items: [[['00091002', 'SH', 'x']]] }]]));
    expect(vrs).toEqual({ '00091002': 'SH' });
  });
});

describe('sequences', () => {
  const items: readonly TestElement[][] = [[['00081150', 'UI', '1.2']], [['00081150', 'UI', '1.3']]];
  const expected = [{ ReferencedSOPClassUID: '1.2' }, { ReferencedSOPClassUID: '1.3' }];

  test.each<[string, TestElement, string]>([
    ['of defined length', ['00081110', 'SQ', { items }], syntaxes.explicit],
    ['of undefined length', ['00081110', 'SQ', { items, undefinedLength: true }], syntaxes.explicit],
    ['in Implicit VR', ['00081110', 'SQ', { items, undefinedLength: true }], syntaxes.implicit],
    ['in Big Endian', ['00081110', 'SQ', { items }], syntaxes.bigEndian],
    ['encoded as UN, of defined length', ['00081110', 'UN', { items }], syntaxes.explicit],
    [
      'encoded as UN, of undefined length',
      ['00081110', 'UN', { items, undefinedLength: true }],
      syntaxes.explicit,
    ],
  ])('%s are read', async (_, element, syntax) => {
    // Big endian numbers of the common elements are of no interest here.
    expect(await valueOf(element, 'ReferencedStudySequence', syntax)).toEqual(expected);
  });

  test('in Implicit VR are read even where the length of a value looks like a VR', async () => {
    // 16708 is 0x4144: the bytes of "DA" where Explicit VR has its VR.
    const long: TestElement = ['00082111', 'ST', 'x'.repeat(16_708)];
    const file = part10([['00081110', 'SQ', { items: [[long]] }]], syntaxes.implicit);
    expect((await attributesOf(file))['ReferencedStudySequence']).toEqual([
      { DerivationDescription: 'x'.repeat(16_708) },
    ]);
  });

  test('encoded as UN are read where a writer has left their items in Explicit VR', async () => {
    const item = encode([['00081150', 'UI', '1.2']], { explicit: true, bigEndian: false });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(item.length);
    const value = Buffer.concat([Buffer.from('feff00e0', 'hex'), length, item]);
    expect(await valueOf(['00081110', 'UN', value], 'ReferencedStudySequence')).toEqual([
      { ReferencedSOPClassUID: '1.2' },
    ]);
  });

  test('that are private are read where their undefined length says that they are some', async () => {
    const element: TestElement = ['00091001', 'UN', { items, undefinedLength: true }];
    const { levels, vrs } = await read(part10([element]));
    expect(levels.instance['00091001']).toEqual(expected);
    expect(vrs).toEqual({ '00091001': 'SQ' });
    expect((await read(part10([element], syntaxes.implicit))).levels.instance['00091001']).toEqual(expected);
  });
});

describe('a VR that the file does not say', () => {
  const implicit = (elements: TestElement[]) => attributesOf(part10(elements, syntaxes.implicit));

  test('is that of the dictionary', async () => {
    expect(await implicit([['00180060', 'DS', '120']])).toMatchObject({ KVP: '120 ' });
    expect(await attributesOf(part10([['00180060', 'UN', '120 ']]))).toMatchObject({ KVP: '120 ' });
  });

  test('of pixel values follows PixelRepresentation, that of the data set around an item included', async () => {
    const padding: TestElement = ['00280120', 'US', words(0xffff)];
    const signed: TestElement = ['00280103', 'US', words(1)];
    expect(await implicit([padding])).toMatchObject({ PixelPaddingValue: 65535 });
    expect(await implicit([padding, signed])).toMatchObject({ PixelPaddingValue: -1 });
    const item: TestElement = ['00289145', 'SQ', { items: [[padding]] }];
    expect(await implicit([signed, item])).toMatchObject({
      PixelValueTransformationSequence: [{ PixelPaddingValue: -1 }],
    });
  });

  test('of a file that is explicit against its transfer syntax is taken from the file, and the other way round', async () => {
    const dataSet = (syntax: string) =>
      part10([['00180060', 'DS', '120']], syntax).subarray(header(syntax).length);
    const swapped = (says: string, is: string) => Buffer.concat([header(says), dataSet(is)]);
    for (const file of [
      swapped(syntaxes.implicit, syntaxes.explicit),
      swapped(syntaxes.explicit, syntaxes.implicit),
    ]) {
      expect(await attributesOf(file)).toMatchObject({ KVP: '120 ', Rows: 4 });
    }
  });
});

describe('limits', () => {
  test.each([
    ['PatientID', '00100020', 'LO', 256],
    ['StudyDescription', '00081030', 'LO', 256],
    ['PatientSex', '00100040', 'CS', 16],
    ['StudyTime', '00080030', 'TM', 28],
    ['StudyInstanceUID', '0020000D', 'UI', 256],
  ] as const)('a longer %s than the service allows keeps the file out', async (keyword, tag, vr, max) => {
    const file = (length: number) => part10([[tag, vr, '1'.repeat(length)]]);
    await expect(read(file(max + 1))).rejects.toThrow(
      `DICOM attribute ${keyword} exceeds the maximum length of ${max}`,
    );
    await expect(read(file(max))).resolves.toBeDefined();
  });

  test('what counts are characters, not bytes', async () => {
    const file = (length: number) =>
      part10([
        ['00080005', 'CS', 'ISO_IR 192'],
        ['00100020', 'LO', Buffer.from('é'.repeat(length))],
      ]);
    await expect(read(file(256))).resolves.toBeDefined();
    await expect(read(file(258))).rejects.toThrow('PatientID');
  });

  test('a larger number of related instances than the service allows keeps the file out', async () => {
    await expect(read(part10([['00201208', 'IS', '1000001 ']]))).rejects.toThrow('maximum value of 1000000');
    await expect(read(part10([['00201208', 'IS', '1000000 ']]))).resolves.toBeDefined();
  });

  test('a value longer than its VR allows is warned of', async () => {
    const codes = async (element: TestElement) =>
      (await read(part10([element]))).warnings.map(({ warning_reason_code }) => warning_reason_code);
    expect(await codes(['00080050', 'SH', 'x'.repeat(17)])).toEqual([45571]);
    expect(await codes(['00080050', 'SH', `${'x'.repeat(16)} `])).toEqual([]);
    expect(await codes(['00080020', 'DA', '2024.01.31'])).toEqual([45571]);
    expect(await codes(['00100010', 'PN', [64, 64].map((length) => 'x'.repeat(length)).join('=')])).toEqual(
      [],
    );
    expect(await codes(['00100010', 'PN', 'x'.repeat(65)])).toEqual([45571]);
    const nested: TestElement = ['00081110', 'SQ', { items: [[['00080050', 'SH', 'x'.repeat(17)]]] }];
    expect(await codes(nested)).toEqual([45571]);
  });

  test.each([
    ['TransferSyntaxUID', () => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])],
    ['SOPClassUID', () => part10([['00080016', 'UI', '']])],
    ['SOPInstanceUID', () => part10([['00080018', 'UI', '']])],
    ['StudyInstanceUID', () => part10([['0020000D', 'UI', '']])],
    ['SeriesInstanceUID', () => part10([['0020000E', 'UI', '']])],
  ])('a file without %s is refused', async (keyword, file) => {
    await expect(read(file())).rejects.toThrow(`DICOM attribute ${keyword} does not exist`);
  });

  test('what is no DICOM file is refused', async () => {
    const dataSet = encode([['00100020', 'LO', 'P1']], implicitLittleEndian);
    for (const file of [Buffer.alloc(0), Buffer.from('these are notes'), dataSet, readFileSync(__filename)]) {
      await expect(read(file)).rejects.toThrow('DICOM attributes does not exist');
    }
  });
});
