/**
 * Measures DICOM imports into the local AWS: the time for 5,000 small files, compared with only reading and writing the same
 * bytes, and the memory for files of 2 GB.
 *
 * Times of different machines cannot be compared, so the result for the small files is a ratio to reading and writing their bytes
 * in the same run. With the folder of an earlier, built checkout, it is a ratio to the same import by that checkout instead:
 *
 *     npm run bench -- dicom-import ../before
 *
 * Each measurement runs in a process of its own, because the peak memory of a process includes all that it did before.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Element } from '../dev/samples/dicom-file.ts';
import { compare, costOf } from './support/checkouts.ts';
import { image, imageSize, importAll } from './support/dicom.ts';

const FILES = 5000;
const FILES_PER_SERIES = 50;
const FRAMES = 4100;
const FRAME_BYTES = 512 * 1024;

const scenarios: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  async 'small files'(folder) {
    const names = writeSmallFiles(folder);
    const bare = await costOf(() => readAndWrite(names, join(folder, 'bare')));
    const imported = await costOf(() => importAll(folder));
    const ratio = (imported.cpuMs / bare.cpuMs).toFixed(1);
    return `${(imported.wallMs / 1000).toFixed(1)} s, ${ratio} times the processor time of reading and writing the bytes`;
  },
  async 'a native file of 2 GB'(folder) {
    writeLargeFile(folder, { encapsulated: false });
    return memoryOf(folder);
  },
  async 'an encapsulated file of 2 GB'(folder) {
    writeLargeFile(folder, { encapsulated: true });
    return memoryOf(folder);
  },
};

async function main(): Promise<void> {
  const [name, checkout] = process.argv.slice(2);
  const scenario = name === undefined ? undefined : scenarios[name];
  if (name === '--import') return importSmallFilesBy(checkout);
  if (name !== undefined && existsSync(name))
    return compare(`${FILES} small files`, name, import.meta.filename);
  if (!scenario) {
    for (const each of Object.keys(scenarios)) {
      execFileSync(process.execPath, [import.meta.filename, each], { stdio: 'inherit' });
    }
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-dicom-'));
  try {
    console.log(`${name}: ${await scenario(folder)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Imports the small files with the local AWS of a checkout, and prints the time that this takes, as JSON. */
async function importSmallFilesBy(checkout?: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-dicom-'));
  try {
    writeSmallFiles(folder);
    console.log(JSON.stringify(await costOf(() => importAll(folder, checkout))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function memoryOf(folder: string): Promise<string> {
  const before = process.resourceUsage().maxRSS;
  const { wallMs } = await costOf(() => importAll(folder));
  const [megabytes, more] = [process.resourceUsage().maxRSS, process.resourceUsage().maxRSS - before].map(
    (kilobytes) => Math.round(kilobytes / 1000),
  );
  return `${megabytes} MB of memory at the most, ${more} MB more than before, in ${(wallMs / 1000).toFixed(1)} s`;
}

/** The least work that an import could do: it reads each file, and writes as many bytes as the file has pixel data. */
async function readAndWrite(files: readonly string[], target: string): Promise<void> {
  await mkdir(target);
  for (const [index, file] of files.entries()) {
    await writeFile(join(target, String(index)), (await readFile(file)).subarray(-32));
  }
}

function writeSmallFiles(folder: string): string[] {
  const input = join(folder, 's3/input');
  mkdirSync(input, { recursive: true });
  return Array.from({ length: FILES }, (_, index) => {
    const file = join(input, `${String(index).padStart(5, '0')}.dcm`);
    const series = `1.2.4.${Math.floor(index / FILES_PER_SERIES)}`;
    const pixels: Element = ['7FE00010', 'OW', Buffer.alloc(32, index)];
    writeFileSync(file, image(series, `${series}.${index}`, [...imageSize(4), pixels]));
    return file;
  });
}

/** Writes a file of 4,100 frames of 512 KiB. It writes frame by frame, so that it adds little to the memory that is measured. */
function writeLargeFile(folder: string, { encapsulated }: { encapsulated: boolean }): void {
  mkdirSync(join(folder, 's3/input'), { recursive: true });
  const pixels: Element = ['7FE00010', 'OW', Buffer.alloc(0)];
  const frames: Element = ['00280008', 'IS', String(FRAMES)];
  const head = image('1.2.5', '1.2.5.1', [frames, ...imageSize(512), pixels]);
  const frame = Buffer.alloc(FRAME_BYTES, 1);
  const itemHeader = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(encapsulated ? 0xffffffff : FRAMES * FRAME_BYTES, head.length - 4);
  const file = openSync(join(folder, 's3/input/large.dcm'), 'w');
  writeSync(file, head);
  if (encapsulated) writeSync(file, itemHeader);
  itemHeader.writeUInt32LE(FRAME_BYTES, 4);
  for (let index = 0; index < FRAMES; index++) {
    if (encapsulated) writeSync(file, itemHeader);
    frame.writeUInt32LE(index, 0);
    writeSync(file, frame);
  }
  closeSync(file);
}

await main();
