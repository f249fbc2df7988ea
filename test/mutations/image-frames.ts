/** What the local AWS does on purpose with image frames, and with the levels and image sets of an import. */
import type { Behaviour } from './behaviour.ts';

const imaging = 'local-aws/medical-imaging';
const codecs = ['test/local-aws/codecs'];
const frames = ['test/local-aws/image-frames'];
const grouping = ['test/local-aws/image-set-grouping'];

export const IMAGE_FRAMES: readonly Behaviour[] = [
  {
    what: 'the pixels of a frame that is cut short are not invented',
    file: `${imaging}/codecs/decode.ts`,
    code: "if (!hasEnd(frame)) throw new CannotTranscode('the encoded frame is cut short');",
    without: '',
    tests: codecs,
    named: 'cut short',
  },
  {
    what: 'samples whose codec knows no sign have that of the data set',
    file: `${imaging}/codecs/pixels.ts`,
    code: 'const value = pixelRepresentation === 1 ? bits >> unused : bits >>> unused;',
    without: 'const value = bits >>> unused;',
    tests: codecs,
    named: 'decodes to the same pixels',
  },
  {
    what: 'HTJ2K has a decomposition, or OpenJPEG misreads the smallest value',
    file: `${imaging}/codecs/encode.ts`,
    code: 'Math.max(1, wanted)',
    without: 'Math.max(0, wanted)',
    tests: codecs,
    named: 'decodes to the same pixels|encodes without loss',
  },
  {
    what: 'HTJ2K of colour has a colour transform, or its rows are mixed up',
    file: `${imaging}/codecs/encode.ts`,
    code: 'isUsingColorTransform: samplesPerPixel > 1',
    without: 'isUsingColorTransform: false',
    tests: codecs,
    named: 'decodes to the same pixels',
  },
  {
    what: 'signed samples of 8 bit are encoded as unsigned',
    file: `${imaging}/codecs/encode.ts`,
    code: 'isSigned: bitsAllocated > 8 && pixelRepresentation === 1',
    without: 'isSigned: pixelRepresentation === 1',
    tests: codecs,
    named: 'decodes to the same pixels',
  },
  {
    what: 'bits above BitsStored are kept',
    file: `${imaging}/codecs/encode.ts`,
    code: 'bitsPerSample: bitsAllocated',
    without: 'bitsPerSample: description.bitsStored',
    tests: codecs,
    named: 'decodes to the same pixels',
  },
  {
    what: 'HTJ2K with RPCL tells where its resolutions end',
    file: `${imaging}/codecs/encode.ts`,
    code: 'encoder.setTLMMarker(true);',
    without: '',
    tests: codecs,
    named: 'writes HTJ2K',
  },
  {
    what: 'one frame that cannot be decoded leaves its instance as it came',
    file: `${imaging}/image-frames.ts`,
    code: 'kept.every(({ pixels }) => pixels)',
    without: 'kept.some(({ pixels }) => pixels)',
    tests: frames,
    named: 'cannot be transcoded',
  },
  {
    what: 'a binary segmentation stays as it came',
    file: `${imaging}/frame-storage.ts`,
    code: ' || isBinarySegmentation',
    without: '',
    tests: frames,
    named: 'binary segmentation',
  },
  {
    what: 'image sets are made by seven elements',
    file: `${imaging}/metadata.ts`,
    code: "const names = by === 'allElements' ?",
    without: 'const names = by.length > 0 ?',
    tests: grouping,
    named: 'where other attributes differ',
  },
  {
    what: 'the most recently received value wins',
    file: `${imaging}/metadata.ts`,
    code: 'parts.reduce<T>(',
    without: 'parts.reduceRight<T>(',
    tests: grouping,
    named: 'where other attributes differ',
  },
];
