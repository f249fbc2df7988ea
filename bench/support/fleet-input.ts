/** The folders that the benchmark of fleets imports, one file in each. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { image, imageSize } from './dicom.ts';

export const ROLE = 'arn:aws:iam::123456789012:role/import';
export const INPUT = 's3://input/in/';
export const OUTPUT = 's3://output/';

/** The URI of a folder to import, by its number. */
export const numberedFolder = (index: number): string => `${INPUT}study-${String(index).padStart(6, '0')}/`;

/** Every hundredth file is no DICOM file. Nothing must be imported from its folder. */
export const isBad = (index: number): boolean => index % 100 === 99;

/** @param s3 - the folder that stands for S3 */
export async function writeFolders(s3: string, count: number): Promise<void> {
  await mkdir(join(s3, 'output'), { recursive: true });
  for (let index = 0; index < count; index++) {
    const folder = join(s3, numberedFolder(index).slice('s3://'.length));
    await mkdir(folder, { recursive: true });
    const file = isBad(index) ? 'not DICOM' : image(`1.2.${index}`, `1.2.${index}.1`, imageSize(16));
    await writeFile(join(folder, '1.dcm'), file);
  }
}
