/** What DICOMweb in the local AWS does on purpose. */
import type { Behaviour } from './behaviour.ts';

const dicomWeb = 'local-aws/medical-imaging/dicomweb';
const tests = ['test/local-aws/dicomweb'];

export const DICOMWEB: readonly Behaviour[] = [
  {
    what: 'an instance comes byte for byte as it was imported',
    file: `${dicomWeb}/file.ts`,
    code: 'if (early) return early;',
    without: '',
    tests,
    named: 'byte for byte',
  },
  {
    what: 'an imported file is kept without its frames, which are kept already',
    file: 'local-aws/medical-imaging/imported-file.ts',
    code: 'return areApart ? parts : [];',
    without: 'return [];',
    tests,
    named: 'without a second copy',
  },
  {
    what: 'an instance whose metadata have changed is not the imported file any more',
    file: 'local-aws/medical-imaging/imported-file.ts',
    code: 'JSON.stringify([datastoreId, sorted(attributes), sorted(instance.DICOMVRs), frames])',
    without: 'JSON.stringify([datastoreId, sorted(instance.DICOMVRs), frames])',
    tests,
    named: 'have been updated',
  },
  {
    what: 'image sets that are not primary are hidden',
    file: `${dicomWeb}/instances.ts`,
    code: '.filter(({ isPrimary }) => isPrimary)',
    without: '',
    tests,
    named: 'not primary',
  },
  {
    what: 'a file whose frames are encoded again does not keep the extended offset table of the imported file',
    file: `${dicomWeb}/file.ts`,
    code: '({ tag }) => !extendedOffsetTable.includes(tag),',
    without: '() => true,',
    tests,
    named: 'another syntax',
  },
  {
    what: 'DICOMweb answers that the metadata of a study are not consistent yet',
    file: `${dicomWeb}/instances.ts`,
    code: 'if (isLate) throw notYetConsistent();',
    without: '',
    tests,
    named: 'not consistent yet',
  },
  {
    what: 'a study can be read while the metadata of another one are not consistent yet',
    file: `${dicomWeb}/instances.ts`,
    code: 'const isLate = imageSetsIn(world, wanted)',
    without: "const isLate = imageSetsIn(world, { ...wanted, studyUid: '', seriesUid: '' })",
    tests,
    named: 'not consistent yet',
  },
  {
    what: 'a path of DICOMweb is no object of S3',
    file: 'local-aws/dispatcher.ts',
    code: 'services.find(({ protocol }) => protocol.claims?.(request) !== undefined);',
    without: 'undefined;',
    tests,
    named: 'not answered by S3',
  },
  {
    what: 'a private attribute is shown only with its creator',
    file: `${dicomWeb}/fields.ts`,
    code: 'return wanted !== undefined && attributes[creator] === wanted;',
    without: 'return true;',
    tests,
    named: 'names its creator',
  },
  {
    what: 'native frames of single bits follow each other within a byte',
    file: `${dicomWeb}/file.ts`,
    code: 'all[at >> 3] = (all[at >> 3] ?? 0) | (isSet << (at & 7));',
    without: '',
    tests,
    named: 'another syntax',
  },
  {
    what: 'numbers of the DICOM JSON model are numbers',
    file: `${dicomWeb}/dicom-json.ts`,
    code: "return text !== '' && Number.isFinite(number) ? number : text;",
    without: 'return text;',
    tests,
    named: 'as DICOM JSON',
  },
];
