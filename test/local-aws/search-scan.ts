/**
 * A data store with image sets that were imported, updated, copied and deleted in any order. They can be found by a search, and
 * by reading them one by one.
 */
import type { SearchCriteria } from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';
import { p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, importAll, readMetadata, readObject } from './imaging-harness.ts';
import { accessions, dates, matching, patients, sortOf, studies, type Seen } from './search-criteria.ts';

/** A change of a data store. `which` selects one of its image sets. With `takes: never` the change stays under way. */
type Action =
  | {
      readonly do: 'import';
      readonly patient: string;
      readonly study: string;
      readonly studyDate: string;
      readonly series: number;
    }
  | {
      readonly do: 'update';
      readonly which: number;
      readonly change: Readonly<Record<string, string>>;
      readonly takes: 0 | 'never';
    }
  | { readonly do: 'copy'; readonly which: number; readonly takes: 0 | 'never' }
  | { readonly do: 'delete'; readonly which: number; readonly takes: 0 | 'never' };

const which = fc.nat(20);
const takes = fc.constantFrom<(0 | 'never')[]>(0, 0, 'never');

export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('import' as const),
    patient: fc.constantFrom(...patients),
    study: fc.constantFrom(...studies),
    studyDate: fc.constantFrom(...dates),
    series: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    do: fc.constant('update' as const),
    which,
    takes,
    change: fc.oneof(
      fc.record({ PatientID: fc.constantFrom(...patients) }),
      fc.record({ AccessionNumber: fc.constantFrom(...accessions) }),
      fc.record({ StudyDate: fc.constantFrom(...dates) }),
    ),
  }),
  fc.record({ do: fc.constant('copy' as const), which, takes }),
  fc.record({ do: fc.constant('delete' as const), which, takes }),
);

export class DatastoreOfImageSets {
  readonly #aws: LocalAwsUnderTest;
  readonly #datastoreId: string;
  /** The ids of all image sets that an import or a copy has reported. */
  readonly #imageSetIds = new Set<string>();

  private constructor(aws: LocalAwsUnderTest, datastoreId: string) {
    this.#aws = aws;
    this.#datastoreId = datastoreId;
  }

  static async create(aws: LocalAwsUnderTest): Promise<DatastoreOfImageSets> {
    return new DatastoreOfImageSets(aws, await activeDatastore(aws));
  }

  async do(action: Action): Promise<void> {
    if (action.do === 'import') return this.#import(action);
    const imageSetId = [...this.#imageSetIds][action.which % this.#imageSetIds.size];
    if (imageSetId === undefined) return;
    const { control } = this.#aws;
    await control.settings({ copyMs: action.takes, updateMs: action.takes, deleteImageSetMs: action.takes });
    await this.#change(imageSetId, action).catch((error: unknown) => {
      // An image set that is being changed or is deleted cannot be changed.
      if (!['ConflictException', 'ResourceNotFoundException'].includes((error as Error).name)) throw error;
    });
  }

  /** Reads every image set, and leaves out those that are deleted or have no metadata. */
  async scan() {
    const seen: Seen[] = [];
    for (const imageSetId of this.#imageSetIds) {
      const found = await this.#look(imageSetId);
      if (found) seen.push(found);
    }
    return { matching: (criteria: SearchCriteria) => matching(seen, criteria) };
  }

  /** The ids that a search finds, and the values by which it has sorted them, page by page. */
  async search(searchCriteria: SearchCriteria) {
    const found: { imageSetId: string; by: unknown }[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.#aws.imaging.searchImageSets({
        datastoreId: this.#datastoreId,
        searchCriteria,
        maxResults: 2,
        nextToken,
      });
      for (const summary of page.imageSetsMetadataSummaries ?? []) {
        const { imageSetId = '', updatedAt, createdAt, DICOMTags } = summary;
        const by = {
          updatedAt: updatedAt?.getTime(),
          createdAt: createdAt?.getTime(),
          DICOMStudyDateAndTime: `${DICOMTags?.DICOMStudyDate}${DICOMTags?.DICOMStudyTime}`,
        };
        found.push({ imageSetId, by: by[sortOf(searchCriteria).sortField] });
      }
      ({ nextToken } = page);
    } while (nextToken);
    return { ids: found.map(({ imageSetId }) => imageSetId).sort(), order: found.map(({ by }) => by) };
  }

  async #import({ patient, study, studyDate, series }: Action & { do: 'import' }): Promise<void> {
    const prefix = `${this.#datastoreId}/${Math.random()}/`;
    const uid = `${study}.${series}`;
    const file = p10({ patient, study, studyDate, series: uid, instance: `${uid}.${Math.random()}` });
    await putFiles(this.#aws.data, 'scanned', { [`${prefix}a.dcm`]: file });
    const { outputS3Uri } = await importAll(this.#aws, {
      datastoreId: this.#datastoreId,
      inputS3Uri: `s3://scanned/${prefix}`,
    });
    const manifest = JSON.parse(await readObject(this.#aws, `${outputS3Uri}job-output-manifest.json`));
    for (const { imageSetId } of manifest.jobSummary.imageSetsSummary) this.#imageSetIds.add(imageSetId);
  }

  async #change(imageSetId: string, action: Exclude<Action, { do: 'import' }>): Promise<void> {
    const { imaging } = this.#aws;
    const of = { datastoreId: this.#datastoreId, imageSetId };
    if (action.do === 'delete') return void (await imaging.deleteImageSet(of));
    const { versionId: latestVersionId } = await imaging.getImageSet(of);
    if (action.do === 'copy') {
      const { destinationImageSetProperties } = await imaging.copyImageSet({
        datastoreId: this.#datastoreId,
        sourceImageSetId: imageSetId,
        copyImageSetInformation: { sourceImageSet: { latestVersionId } },
      });
      this.#imageSetIds.add(destinationImageSetProperties?.imageSetId ?? '');
      return;
    }
    const DICOM = action.change;
    const levels = 'PatientID' in DICOM ? { Patient: { DICOM } } : { Study: { DICOM } };
    const updatableAttributes = Buffer.from(JSON.stringify({ SchemaVersion: 1.1, ...levels }));
    const updateImageSetMetadataUpdates = { DICOMUpdates: { updatableAttributes } };
    await imaging.updateImageSetMetadata({ ...of, latestVersionId, updateImageSetMetadataUpdates });
  }

  async #look(imageSetId: string): Promise<Seen | undefined> {
    const of = { datastoreId: this.#datastoreId, imageSetId };
    const {
      imageSetState,
      updatedAt,
      createdAt,
      isPrimary = false,
    } = await this.#aws.imaging.getImageSet(of);
    if (imageSetState === 'DELETED') return undefined;
    const metadata = await readMetadata(this.#aws, of).catch((error: unknown) => {
      // The image set is a copy that is still being made, and has no metadata yet.
      if ((error as Error).name !== 'ConflictException') throw error;
    });
    if (!metadata) return undefined;
    const { Patient, Study } = metadata;
    return {
      imageSetId,
      isPrimary,
      updatedAt: updatedAt?.getTime() ?? NaN,
      createdAt: createdAt?.getTime() ?? NaN,
      DICOMPatientId: Patient.DICOM.PatientID,
      DICOMStudyInstanceUID: Study.DICOM.StudyInstanceUID,
      DICOMAccessionNumber: Study.DICOM.AccessionNumber ?? '',
      DICOMSeriesInstanceUID: Object.keys(Study.Series)[0] ?? '',
      DICOMStudyDateAndTime: `${Study.DICOM.StudyDate}${Study.DICOM.StudyTime}`,
    };
  }
}
