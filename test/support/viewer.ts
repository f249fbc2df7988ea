/** Chromium and the OHIF viewer, for tests that look at pages and at studies. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { findBrowser } from '../../dev/recording/browser.ts';

export interface ViewerInBrowser {
  /** The path of Chromium. */
  readonly browser: string;
  /** The folder of the viewer's files, in `.local/ohif`. */
  readonly files: string;
}

/**
 * Finds Chromium.
 *
 * @param missed - what was not tested without it
 * @returns undefined if there is none that starts, after one line that says so
 */
export function browserInTests(missed: string): string | undefined {
  const browser = findBrowser();
  // Ubuntu has a `chromium-browser` that only asks to install a snap.
  if (browser !== undefined && spawnSync(browser, ['--version']).status === 0) return browser;
  const problem =
    browser === undefined ? 'no browser was found (apt-get install chromium)' : `${browser} does not start`;
  console.log(`${missed}: ${problem}.`);
  return undefined;
}

/**
 * Finds Chromium, and downloads the viewer from the npm registry if it is not there yet (48 MB). It waits for that in another
 * process, because jest must know which tests to skip as soon as it has loaded the test file.
 *
 * @returns undefined if one of them cannot be had, after one line that says why
 */
export function viewerInBrowser(): ViewerInBrowser | undefined {
  const missed = 'No study was opened in the viewer';
  const browser = browserInTests(missed);
  if (browser === undefined) return undefined;
  const program = path.join(import.meta.dirname, 'bring-viewer.mjs');
  const found = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' })) as
    | { readonly files: string }
    | { readonly problem: string };
  if (!('problem' in found)) return { browser, files: found.files };
  console.log(`${missed}: ${found.problem}`);
  return undefined;
}
