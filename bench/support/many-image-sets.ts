/** Copies one image set many times, as if each copy had been imported: an import of two million files would take an hour. */
import { join } from 'node:path';
import { openDisk } from '../../local-aws/disk.ts';
import { imageSets } from '../../local-aws/medical-imaging/image-set.ts';
import type { Metadata } from '../../local-aws/medical-imaging/metadata.ts';
import { requireMetadata, withMetadata } from '../../local-aws/medical-imaging/metadata-store.ts';
import { Store } from '../../local-aws/store.ts';

const DAY = 86_400_000;
const PER_COMMIT = 1000;

/** How many image sets, each of one series, a patient and a study have: 100,000 are of 10,000 patients and 25,000 studies. */
const SERIES_PER_PATIENT = 10;
const SERIES_PER_STUDY = 4;

/**
 * Adds copies of the only image set in a data folder, each a series of its own, until there are `count` of them.
 *
 * @param data - the data folder of a local AWS that is not running
 */
export async function multiplyImageSet(data: string, count: number): Promise<void> {
  const store = await Store.open(await openDisk(join(data, 'state')));
  const [template] = imageSets({ store }).values();
  const phase = template?.phases.at(-1);
  if (!template || !phase) throw new Error(`${data} has no image set to make copies of.`);
  const document = requireMetadata({ store }, template, phase);
  for (let number = 1; number < count; number++) {
    const from = template.createdAt - number;
    const empty = {
      ...template,
      imageSetId: String(number).padStart(32, '0'),
      createdAt: from,
      contents: [],
    };
    const { set, content } = withMetadata({ store }, empty, series(document, number));
    imageSets({ store }).put(set.imageSetId, { ...set, phases: [{ ...phase, from, content }] });
    if (number % PER_COMMIT === 0) await store.commit();
  }
  await store.close();
}

function series({ Patient, Study }: Metadata, number: number): Metadata {
  const study = Math.floor(number / SERIES_PER_STUDY);
  const [template] = Object.values(Study.Series);
  if (!template) throw new Error('an image set has a series');
  const uid = `1.2.9.${number}`;
  const instances = Object.values(template.Instances).map((instance, index) => [
    `${uid}.${index}`,
    { ...instance, DICOM: { ...instance.DICOM, SOPInstanceUID: `${uid}.${index}` } },
  ]);
  return {
    Patient: {
      DICOM: { ...Patient.DICOM, PatientID: `P${Math.floor(number / SERIES_PER_PATIENT)}` },
    },
    Study: {
      DICOM: {
        ...Study.DICOM,
        StudyInstanceUID: `1.2.8.${study}`,
        AccessionNumber: `A${study}`,
        StudyDate: new Date(study * (DAY / 4)).toISOString().slice(0, 10).replaceAll('-', ''),
      },
      Series: {
        [uid]: {
          DICOM: { ...template.DICOM, SeriesInstanceUID: uid },
          Instances: Object.fromEntries(instances),
        },
      },
    },
  };
}
