/** Compares what the viewer shows with the images that were imported. Pixels are gray values, row by row. */

/** Pictures that are more similar than this show the same image. Different images of the tests are below 0.9. */
const SAME_IMAGE = 0.95;

/**
 * Which of these images a picture shows.
 *
 * @returns its index; undefined if the picture shows none of them, or could show several
 */
export function recognized(
  pixels: readonly number[],
  images: readonly (readonly number[])[],
): number | undefined {
  const similar = [...images.keys()].filter((i) => likeness(pixels, images[i] ?? []) > SAME_IMAGE);
  return similar.length === 1 ? similar[0] : undefined;
}

/**
 * How similar two pictures are, regardless of brightness and contrast: Pearson's correlation of their pixels.
 *
 * @returns 1 for the same picture, about 0 for pictures that have nothing in common
 */
export function likeness(a: readonly number[], b: readonly number[]): number {
  const meanOf = (pixels: readonly number[]) => pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [i, pixel] of a.entries()) {
    const [x, y] = [pixel - meanA, (b[i] ?? 0) - meanB];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}
