/** Chromium and the OHIF viewer, for tests that look at studies. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export interface ViewerInBrowser {
  /** The path of Chromium. */
  readonly browser: string;
  /** The folder of the viewer's files, in `.local/ohif`. */
  readonly files: string;
}

/**
 * Finds Chromium, and downloads the viewer from the npm registry if it is not there yet (48 MB). It waits for that in another
 * process, because jest must know which tests to skip as soon as it has loaded the test file.
 *
 * @returns undefined if one of them cannot be had, after one line that says why
 */
export function viewerInBrowser(): ViewerInBrowser | undefined {
  const program = path.join(import.meta.dirname, 'bring-viewer.mjs');
  const found = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' })) as
    | ViewerInBrowser
    | { readonly problem: string };
  if (!('problem' in found)) return found;
  console.log(`No study was opened in the viewer: ${found.problem}`);
  return undefined;
}
