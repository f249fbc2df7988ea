/** The OHIF viewer in a browser, by which tests and the pictures of the documentation see what it shows. */
import { Page } from '../recording/page.ts';

/** A picture of one byte a pixel, row by row. */
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
   * What the first viewport shows, reduced to the size of the image in it. The viewer fits the centres of the
   * outermost pixels into the viewport, and puts the image into the middle, half a pixel to the left and to the top.
   *
   * @returns undefined while there is no viewport, or nothing in it yet
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

  /** Reads what is shown until it is wanted. The caller's own time limit ends a wait in vain. */
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
 * How much two pictures are alike, whatever their brightness and contrast: Pearson's correlation of their pixels.
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
