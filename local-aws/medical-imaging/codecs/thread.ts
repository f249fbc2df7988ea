import { parentPort } from 'node:worker_threads';
import { CannotTranscode } from './cannot-transcode.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { factsOf } from './pixels.ts';
import type { Answer, Task } from './transcoder.ts';

/**
 * The thread that runs the codecs, one frame after the other: see `Transcoder`.
 */
parentPort?.on('message', (task: Task) => {
  void answerTo(task).then((answer) => {
    parentPort?.postMessage(answer, 'encoded' in answer ? [answer.encoded.buffer as ArrayBuffer] : []);
  });
});

async function answerTo({ frame, description, to, wants }: Task): Promise<Answer> {
  try {
    const pixels = await decode(frame, description);
    const encoded =
      to === undefined || to === description.transferSyntaxUid
        ? frame
        : await encode(pixels, description, to);
    if (wants === 'frame') return { encoded };
    return {
      facts: { ...factsOf(pixels, description), encodedSize: to === undefined ? undefined : encoded.length },
    };
  } catch (error) {
    return { problem: isHarmless(error) ? 'unsupported' : 'broken' };
  }
}

/**
 * Whether the codecs can be used on. A C++ exception, which arrives as its address or as an object that wraps it, has cleaned
 * up behind it; anything else may have left a codec in the middle of something.
 */
const isHarmless = (error: unknown) =>
  error instanceof CannotTranscode ||
  typeof error === 'number' ||
  (error instanceof Error && error.constructor.name === 'CppException');
