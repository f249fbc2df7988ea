/** Prints as JSON where Chromium and the files of the viewer are, or why one of them is missing. Downloads the viewer once. */
import { spawnSync } from 'node:child_process';
import { findBrowser } from '../../dist/dev/recording/browser.js';
import { bringViewer, VIEWER_FOLDER } from '../../dist/dev/viewer/package.js';
import { UserError } from '../../dist/src/lib/user-error.js';

async function find() {
  const browser = await findBrowser();
  if (browser === undefined) return { problem: 'no browser was found (apt-get install chromium).' };
  // Ubuntu has a `chromium-browser` that only asks to install a snap.
  const { status } = spawnSync(browser, ['--version']);
  if (status !== 0) return { problem: `${browser} does not start.` };
  try {
    return { browser, files: await bringViewer(VIEWER_FOLDER, () => {}) };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}

console.log(JSON.stringify(await find()));
