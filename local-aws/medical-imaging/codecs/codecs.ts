/**
 * The codecs, each loaded at its first use: that takes about 20 ms and some megabytes. The packages' main modules but that of
 * OpenJPH are WebAssembly translated to JavaScript, which takes six times as long.
 */
export const codecs = {
  charls: once(() => import('@cornerstonejs/codec-charls/decodewasmjs')),
  libjpeg: once(() => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')),
  openjpeg: once(() => import('@cornerstonejs/codec-openjpeg/wasmjs')),
  openjph: once(() => import('@cornerstonejs/codec-openjph')),
};

type Load<T> = (options: { print(text: string): void; printErr(text: string): void }) => Promise<T>;

function once<T>(load: () => Promise<{ default: Load<T> }>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  // OpenJPEG tells of each frame on stdout.
  const silent = { print() {}, printErr() {} };
  return () => (loaded ??= load().then((module) => module.default(silent)));
}
