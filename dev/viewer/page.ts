/** Opens the OHIF viewer in a browser and reads what it shows, for tests and for the pictures in the documentation. */
import { Page } from '../recording/page.ts';

/** A grayscale picture: one byte per pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: readonly number[];
}

const ARROW_DOWN = 40;

export class ViewerPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /**
   * @param browser - the path of Chromium
   * @param url - a link to a study
   */
  static async open(browser: string, url: string): Promise<ViewerPage> {
    return new ViewerPage(await Page.open(browser, { url, width: 1400, height: 900 }));
  }

  /**
   * What the first viewport shows, scaled to the size of the original image. The viewer enlarges the image until the centres of
   * its outermost pixels reach the edges of the viewport. It centres the image, but half a pixel too far to the left and top.
   *
   * @returns undefined while there is no viewport, or while it is still black
   */
  async shown({ width, height }: Pick<Picture, 'width' | 'height'>): Promise<Picture | undefined> {
    const pixels = await this.page.evaluate(`(() => {
      const canvas = document.querySelector('.cornerstone-canvas');
      if (!canvas) return [];
      const scale = Math.min(canvas.width / (${width} - 1), canvas.height / (${height} - 1));
      const [across, down] = [${width} * scale, ${height} * scale];
      const context = new OffscreenCanvas(${width}, ${height}).getContext('2d');
      const place = [(canvas.width - across - scale) / 2, (canvas.height - down - scale) / 2, across, down];
      context.drawImage(canvas, ...place, 0, 0, ${width}, ${height});
      const { data } = context.getImageData(0, 0, ${width}, ${height});
      return Array.from({ length: ${width * height} }, (_, i) => data[4 * i]);
    })()`);
    const isPicture = Array.isArray(pixels) && pixels.some((pixel) => pixel > 0);
    return isPicture ? { width, height, pixels: pixels as number[] } : undefined;
  }

  /** Waits until the viewer shows a picture for which `wanted` is true. There is no time limit here: tests have their own. */
  async until(
    size: Pick<Picture, 'width' | 'height'>,
    wanted: (picture: Picture) => boolean,
  ): Promise<Picture> {
    for (;;) {
      const picture = await this.shown(size);
      if (picture && wanted(picture)) return picture;
      await this.page.settle();
    }
  }

  /** Shows the next image of the series, or the next frame. */
  next(): Promise<void> {
    return this.page.press('ArrowDown', ARROW_DOWN);
  }

  close(): Promise<void> {
    return this.page.close();
  }
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
