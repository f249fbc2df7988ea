import { operationProblems } from '../../src/input-rules/service.ts';

const copy = {
  datastoreId: 'd'.repeat(32),
  sourceImageSetId: 'a'.repeat(32),
  copyImageSetInformation: { sourceImageSet: { latestVersionId: '1' } },
};

describe('operationProblems', () => {
  test('finds no problem in an input that the service accepts', () => {
    expect(operationProblems('medical-imaging', 'CopyImageSet', copy)).toEqual([]);
  });

  test('names every problem at once, with its path and without its value', () => {
    const problems = operationProblems('medical-imaging', 'CopyImageSet', {
      ...copy,
      sourceImageSetId: 'SECRET',
      copyImageSetInformation: { sourceImageSet: {}, destinationImageSet: { imageSetId: 'SECRET' } },
      froce: true,
    });
    expect(problems.map(({ member }) => member).toSorted()).toEqual([
      'copyImageSetInformation.destinationImageSet.imageSetId',
      'copyImageSetInformation.destinationImageSet.latestVersionId',
      'copyImageSetInformation.sourceImageSet.latestVersionId',
      'froce',
      'sourceImageSetId',
    ]);
    expect(problems.find(({ member }) => member === 'froce')?.rule).toContain('did you mean force?');
    expect(JSON.stringify(problems)).not.toContain('SECRET');
  });

  test('checks wire types that JSON Schema lacks', () => {
    const update = (updatableAttributes: unknown) =>
      operationProblems('medical-imaging', 'UpdateImageSetMetadata', {
        datastoreId: copy.datastoreId,
        imageSetId: copy.sourceImageSetId,
        latestVersionId: '1',
        updateImageSetMetadataUpdates: { DICOMUpdates: { updatableAttributes } },
      });
    expect(update(new Uint8Array(10))).toEqual([]);
    expect(update('text')).toHaveLength(1);
    expect(update(new Uint8Array(30_001))).toHaveLength(1);
  });
});
