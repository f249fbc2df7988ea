/** Prints as JSON where the files of the viewer are, or why they are missing. Downloads them once. */
import { bringViewer, VIEWER_FOLDER } from '../../dist/dev/viewer/package.js';
import { UserError } from '../../dist/src/lib/user-error.js';

async function find() {
  try {
    return { files: await bringViewer(VIEWER_FOLDER, () => {}) };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}

console.log(JSON.stringify(await find()));
