import { createHash } from 'node:crypto';
import { listInput } from '../import-input.ts';
import { JobFailure } from '../jobs.ts';
import { after } from '../timeline.ts';
import type { World } from '../world.ts';
import { NotImportable } from './dicom/not-importable.ts';
import { imageSets, imageSetsBy, stateOf, type ImageSet } from './image-set.ts';
import { nextVersion } from './image-set-change.ts';
import { requireMetadata, summaryIn, withMetadata } from './metadata-store.ts';
import type { FileOutcome, ImportJob } from './import-job.ts';
import type { ImportWarning } from './import-warnings.ts';
import { readInputFile } from './input-file.ts';
import { combined, imageSetKey, type Metadata } from './metadata.ts';

/** An input file that becomes part of an image set; `inputFile` is its S3 key. */
interface ImportedFile {
  readonly inputFile: string;
  readonly warnings?: readonly ImportWarning[];
}

/** The files of an import that belong to one image set. */
interface Group {
  readonly key: string;
  readonly seriesUid: string;
  readonly inputFiles: ImportedFile[];
  readonly documents: Metadata[];
}

/**
 * Reads every object under the job's input prefix and works out how the job changes the data store: one primary image set per
 * series; files that conflict with it go to separate image sets; files that are not DICOM are reported. Only frames and what is
 * kept of the files are written, with ids that are hashes: after a SIGKILL all of this can be repeated with the same result.
 *
 * @returns `apply`, which makes all changes at once
 * @throws JobFailure
 */
export async function readImport(
  world: World,
  { jobId, datastoreId, inputS3Uri }: ImportJob,
): Promise<{ apply: () => FileOutcome[] }> {
  const { bucket, objects } = await listInput(world, inputS3Uri);
  const { settings } = world;
  if (objects.length > settings.maxFilesPerDicomImport) {
    throw new JobFailure(
      `DICOM import job has failed. FILE_COUNTS_LIMIT_EXCEEDED: more than ${settings.maxFilesPerDicomImport} files.`,
    );
  }
  const groups = new Map<string, Group>();
  const failures: FileOutcome[] = [];
  for (const { key } of objects) {
    try {
      const { seriesUid, metadata, warnings } = await readInputFile(world, { bucket, key }, datastoreId);
      const group = groupOf(groups, seriesUid, imageSetKey(metadata, settings.imageSetGrouping));
      group.inputFiles.push({ inputFile: key, ...(warnings.length > 0 && { warnings }) });
      group.documents.push(metadata);
    } catch (error) {
      const message = error instanceof NotImportable ? error.message : 'The file could not be read.';
      failures.push({ inputFile: key, exceptionType: 'ValidationException', message });
    }
  }
  return {
    apply: () => [
      ...[...groups.values()].flatMap((group, i) => applyGroup(world, datastoreId, group, `${jobId}/${i}`)),
      ...failures,
    ],
  };
}

function groupOf(groups: Map<string, Group>, seriesUid: string, key: string): Group {
  const group = groups.get(key) ?? { key, seriesUid, inputFiles: [], documents: [] };
  groups.set(key, group);
  return group;
}

function applyGroup(world: World, datastoreId: string, group: Group, name: string): FileOutcome[] {
  const primary = primaryOf(world, datastoreId, group.seriesUid);
  const set =
    primary && fits(world, primary, group)
      ? newVersion(world, primary, group)
      : newSet(world, datastoreId, group, { name, isPrimary: !primary });
  const { imageSetId, isPrimary } = set;
  const imageSetVersion = Number(set.phases.at(-1)?.versionId);
  return group.inputFiles.map((file) => ({ ...file, imageSetId, imageSetVersion, isPrimary }));
}

/** The primary image set of a series in a data store: the oldest one, if copies with `promoteToPrimary` have made several. */
function primaryOf(world: World, datastoreId: string, seriesUid: string): ImageSet | undefined {
  const found = imageSetsBy(world, datastoreId, 'DICOMSeriesInstanceUID', seriesUid).filter((set) => {
    const state = stateOf(set);
    return (
      set.isPrimary &&
      state.imageSetState !== 'DELETED' &&
      summaryIn(set, state)?.DICOMSeriesInstanceUID === seriesUid
    );
  });
  return found.sort((a, b) => a.createdAt - b.createdAt)[0];
}

/** Whether files can be added to an image set: it must be ACTIVE, and their metadata must not conflict with its own. */
function fits(world: World, set: ImageSet, { key }: Group): boolean {
  const state = stateOf(set);
  if (state.imageSetState !== 'ACTIVE') return false;
  return key === imageSetKey(requireMetadata(world, set, state), world.settings.imageSetGrouping);
}

/** Adds files to an image set as its next version. If an instance is imported again, the last file replaces it. */
function newVersion(world: World, set: ImageSet, { documents }: Group): ImageSet {
  const state = stateOf(set);
  const versionId = nextVersion(state.versionId);
  const document = combined([requireMetadata(world, set, state), ...documents]);
  return putImported(world, set, { versionId, document, imageSetWorkflowStatus: 'IMPORTED' });
}

function newSet(
  world: World,
  datastoreId: string,
  group: Group,
  { name, isPrimary }: { name: string; isPrimary: boolean },
): ImageSet {
  const imageSetId = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const set = { datastoreId, imageSetId, isPrimary, createdAt: Date.now(), contents: [], phases: [] };
  return putImported(world, set, {
    versionId: '1',
    document: combined(group.documents),
    imageSetWorkflowStatus: 'CREATED',
  });
}

function putImported(
  world: World,
  set: ImageSet,
  change: { versionId: string; document: Metadata; imageSetWorkflowStatus: 'CREATED' | 'IMPORTED' },
): ImageSet {
  const { versionId, document, imageSetWorkflowStatus } = change;
  const now = Date.now();
  const { set: changed, content } = withMetadata(world, set, document);
  const imported: ImageSet = {
    ...changed,
    consistentFrom: after(now, world.settings.metadataInconsistentMs),
    phases: [
      ...set.phases,
      { from: now, versionId, imageSetState: 'ACTIVE', imageSetWorkflowStatus, content },
    ],
  };
  imageSets(world).put(set.imageSetId, imported);
  return imported;
}
