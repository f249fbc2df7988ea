/** Takes pictures of web pages with a headless browser. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../src/lib/user-error.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** @returns the path of the first browser on `PATH`; undefined if there is none */
export function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Photo {
  readonly url: string;
  /** The path of the PNG file. */
  readonly file: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * Waits until the page has loaded: its virtual clock advances only while no request is pending.
 *
 * @throws UserError if the browser fails
 */
export async function photograph(browser: string, { url, file, width, height }: Photo): Promise<void> {
  const args = [
    '--headless',
    // Chromium's sandbox does not work as root, as which a container runs. The page is from our own server.
    '--no-sandbox',
    '--hide-scrollbars',
    `--window-size=${width},${height}`,
    '--virtual-time-budget=15000',
    `--screenshot=${file}`,
    url,
  ];
  await promisify(execFile)(browser, args, { timeout: 60_000 }).catch((error: Error) => {
    throw new UserError(`${browser} made no picture of ${url}: ${error.message}`);
  });
}
