/** Opens the OHIF viewer in a browser and reads what it shows, for tests and for the pictures in the documentation. */
import { UserError } from '../../src/lib/user-error.ts';
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

  /**
   * Waits until the viewer shows a picture for which `wanted` is true.
   *
   * @throws UserError with the texts of the page, if that takes more than 90 seconds
   */
  async until(
    size: Pick<Picture, 'width' | 'height'>,
    wanted: (picture: Picture) => boolean,
  ): Promise<Picture> {
    for (const end = Date.now() + 90_000; Date.now() < end; await this.page.settle()) {
      const picture = await this.shown(size);
      if (picture && wanted(picture)) return picture;
    }
    const text = String(await this.page.evaluate('document.body.innerText')).replaceAll(/\s+/g, ' ');
    throw new UserError(`The viewer does not show the image. The texts of its page: "${text}"`);
  }

  /** Shows another series of the study in the viewport, as a double click on its thumbnail does. */
  async showSeries(description: string): Promise<void> {
    await this.page.evaluate(`[...document.querySelectorAll('[data-cy=study-browser-thumbnail]')]
      .find(({ innerText }) => innerText.includes(${JSON.stringify(description)}))
      .dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))`);
  }

  /** Shows the next image of the series, or the next frame. */
  next(): Promise<void> {
    return this.page.press('ArrowDown', ARROW_DOWN);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
