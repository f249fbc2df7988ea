/** What the DICOM reader of the local AWS does on purpose. */
import type { Behaviour } from './behaviour.ts';

const imaging = 'local-aws/medical-imaging';
const reader = `${imaging}/dicom`;
const frames = ['test/local-aws/dicom-frames'];
const values = ['test/local-aws/dicom-values'];
const fuzz = ['test/local-aws/dicom-fuzz'];
const charsets = ['test/local-aws/dicom-charsets'];

export const DICOM_READER: readonly Behaviour[] = [
  {
    what: 'sequences nest to a depth that the stack can bear',
    file: `${reader}/parser.ts`,
    code: 'if (nesting > MAX_NESTING) {',
    without: 'if (false as boolean) {',
    tests: fuzz,
    named: 'nest without end',
  },
  {
    what: 'a small file of many elements does not take all memory',
    file: `${reader}/parser.ts`,
    code: 'if (this.#bytesLeft < 0) {',
    without: 'if (this.#bytesLeft < -1e12) {',
    tests: fuzz,
    named: 'more elements',
  },
  {
    what: 'a deflated file inflates to a limit',
    file: `${reader}/file.ts`,
    code: 'if ((pieces.length + 1) * PIECE > maxBytes) throw tooLarge;',
    without: '',
    tests: fuzz,
    named: 'beyond the limit',
  },
  {
    what: 'an instance has no more frames than its metadata can describe',
    file: `${reader}/frames.ts`,
    code: 'pixels)) > maxFrames) {',
    without: 'pixels)) > Infinity) {',
    tests: fuzz,
    named: 'a pixel each',
  },
  {
    what: 'frames that are not all there are none, and none is invented',
    file: `${reader}/frames.ts`,
    code: 'bits > 0 && bits * pixels.numberOfFrames <= element.length * 8',
    without: 'bits > 0',
    tests: frames,
    named: 'fewer bytes',
  },
  {
    what: 'an offset table that does not meet its fragments makes no frames',
    file: `${reader}/frames.ts`,
    code: 'if (starts[0] !== 0 || !isAscending) return invalidTable;',
    without: '',
    tests: frames,
    named: 'a table that',
  },
  {
    what: 'a video is one object',
    file: `${reader}/frames.ts`,
    code: 'if (isVideo(pixels.transferSyntaxUid)) return',
    without: 'if (false as boolean) return',
    tests: frames,
    named: 'video',
  },
  {
    what: 'UIDs that are none are warned of',
    file: `${reader}/attributes.ts`,
    code: "vr === 'UI' && !isUid(value)",
    without: 'false',
    tests: values,
    named: 'UIDs stay',
  },
  {
    what: 'attributes longer than the service allows keep a file out',
    file: `${imaging}/dicom-instance.ts`,
    code: 'checkImportLimits(attributes);',
    without: '',
    tests: values,
    named: 'keeps the file out',
  },
  {
    what: 'text is in the set of its item, or in that of the data set around it',
    file: `${reader}/data-set.ts`,
    code: ': this.parent?.inherited(tag)',
    without: ': undefined',
    tests: charsets,
    named: 'of an item',
  },
];
