import charls from '@cornerstonejs/codec-charls';
import libjpeg from '@cornerstonejs/codec-libjpeg-turbo-8bit';
import openjpeg from '@cornerstonejs/codec-openjpeg';
import openjph from '@cornerstonejs/codec-openjph';

/** The codecs in WebAssembly, each loaded at its first use: that takes about 10 ms and some megabytes. */
export const codecs = {
  charls: once(charls),
  libjpeg: once(libjpeg),
  openjpeg: once(openjpeg),
  openjph: once(openjph),
};

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}
