/** Synthetic sample data for the demo, `npm run dev` and the tests. They contain no data of real people. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fhirFiles } from './fhir.ts';
import { instanceFile, sampleStudies, type Study } from './studies.ts';

export interface SampleOptions {
  /** The folder of the local S3: the object s3://bucket/key is the file bucket/key in it. */
  readonly s3Folder: string;
  readonly bucket?: string;
  readonly seed?: string;
}

export interface Samples {
  /** The S3 prefixes to import from. */
  readonly dicomUri: string;
  readonly fhirUri: string;
  /** The first study has two series. The second has one, of another patient. */
  readonly studies: readonly [Study, Study];
  /** The one object below `dicomUri` that is not a DICOM file. */
  readonly notDicom: string;
}

/** Writes the sample objects to the S3 folder. Repeating it changes nothing. */
export function writeSamples({ s3Folder, bucket = 'samples', seed = 'samples' }: SampleOptions): Samples {
  const studies = sampleStudies(seed);
  const notDicom = 'dicom/notes.txt';
  const put = (key: string, body: Buffer | string) => {
    const file = join(s3Folder, bucket, key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
  };

  for (const [index, study] of studies.entries()) {
    for (const series of study.series) {
      for (const instance of series.instances) {
        const key = `dicom/study-${index + 1}/series-${series.number}/${instance.number}.dcm`;
        put(key, instanceFile(study, series, instance));
      }
    }
  }
  put(notDicom, 'Scanner 2 was recalibrated on Monday.\n');
  for (const [name, content] of Object.entries(fhirFiles(studies))) put(`fhir/${name}`, content);

  return { dicomUri: `s3://${bucket}/dicom/`, fhirUri: `s3://${bucket}/fhir/`, studies, notDicom };
}
