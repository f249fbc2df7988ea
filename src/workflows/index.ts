// Every workflow that the worker serves. Each is named like its document in `arazzo/`.
export { copyImageSet } from './medical-imaging/copy-image-set.ts';
