/** Opens the OHIF viewer in a browser and reads what it shows, for tests and for the pictures in the documentation. */
import { Page } from '../recording/page.ts';

/** A grayscale picture: one byte per pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: readonly number[];
}

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
   * @throws UserError as {@link Page.until}
   */
  async until(
    size: Pick<Picture, 'width' | 'height'>,
    wanted: (picture: Picture) => boolean,
  ): Promise<Picture> {
    return this.page.until('the image', async () => {
      const picture = await this.shown(size);
      return picture && wanted(picture) ? picture : undefined;
    });
  }

  /** Shows another series of the study in the viewport, as a double click on its thumbnail does. */
  async showSeries(description: string): Promise<void> {
    await this.page.evaluate(`[...document.querySelectorAll('[data-cy=study-browser-thumbnail]')]
      .find(({ innerText }) => innerText.includes(${JSON.stringify(description)}))
      .dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))`);
  }

  /**
   * Shows the image (or the frame) in this place of the series, the first place being 1. It presses the arrow keys until the viewer
   * says that it shows that place: the viewer ignores keys while it loads, and on a busy machine it reacts late.
   *
   * @throws UserError as {@link Page.until}
   */
  async showPlace(place: number): Promise<void> {
    await this.page.until('the image', async () => {
      const shown = await this.#place();
      if (shown === place) return true;
      if (shown === undefined) return undefined;
      await (shown < place ? this.page.press('ArrowDown', 40) : this.page.press('ArrowUp', 38));
      for (let tries = 0; tries < 5 && (await this.#place()) === shown; tries++) await this.page.settle();
      return undefined;
    });
  }

  /** The viewer writes it into a corner of the viewport: `I:4 (2/5)` means that instance 4 is the second of five images. */
  async #place(): Promise<number | undefined> {
    const corner = '[data-cy=viewport-overlay-bottom-right]';
    const text = await this.page.evaluate(`document.querySelector('${corner}')?.innerText`);
    const [, place] = /\((\d+)\/\d+\)/.exec(String(text)) ?? [];
    return place === undefined ? undefined : Number(place);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
