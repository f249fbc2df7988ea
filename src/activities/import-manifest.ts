import { isRecord, recordOf } from '../lib/guards.ts';
import { cutList } from '../lib/size.ts';
import type { ImportingService } from './report-lines.ts';

/** What an import has counted: in files for HealthImaging, in resources for HealthLake. */
export interface ImportCounts {
  scanned: number;
  imported: number;
  customerErrors: number;
  serverErrors: number;
  /** HealthLake: the ndjson files. One that could not be read has no resource that was scanned. */
  files?: FileCounts;
}

export interface FileCounts {
  scanned: number;
  imported: number;
  /** Files that could not be read, for the data's own reasons. Only the job's progress report counts them. */
  customerErrors: number;
}

export interface ImportedImageSet {
  imageSetId: string;
  imageSetVersion?: number;
  /** Data that conflict with what is there make an image set that is not primary. */
  isPrimary?: boolean;
}

/** How many image sets an import has made or changed. */
export interface ImageSetCounts {
  total: number;
  nonPrimary: number;
  /** The URI of the manifest, which lists all image sets. Only present if `imageSets` was cut at its limit. */
  restIn?: string;
}

/** What differs between the manifests of the two services. */
interface ManifestFormat {
  readonly folder: (job: { datastoreId: string; jobId: string }) => string;
  /** Names that the manifest may have. */
  readonly names: readonly string[];
  readonly counts: (manifest: Record<string, unknown>) => ImportCounts | undefined;
}

export const MANIFESTS: Readonly<Record<ImportingService, ManifestFormat>> = {
  'medical-imaging': {
    folder: ({ datastoreId, jobId }) => `${datastoreId}-DicomImport-${jobId}/`,
    names: ['job-output-manifest.json'],
    counts: ({ jobSummary }) => {
      const count = numbersIn(jobSummary);
      return countsOf({
        scanned: count('numberOfScannedFiles'),
        imported: count('numberOfImportedFiles'),
        customerErrors: count('numberOfFilesWithCustomerError'),
        serverErrors: count('numberOfFilesWithServerError'),
      });
    },
  },
  healthlake: {
    folder: ({ datastoreId, jobId }) => `${datastoreId}-FHIR_IMPORT-${jobId}/`,
    // The guide of 2021 spells it with a capital.
    names: ['manifest.json', 'Manifest.json'],
    counts: (manifest) => {
      const count = numbersIn(manifest);
      const resources = countsOf({
        scanned: count('numberOfResourcesScanned'),
        imported: count('numberOfResourcesImportedSuccessfully'),
        customerErrors: count('numberOfResourcesWithCustomerError'),
        serverErrors: count('numberOfResourcesWithServerError'),
      });
      const [scanned, imported] = [count('numberOfScannedFiles'), count('numberOfFilesImported')];
      const files =
        scanned === undefined || imported === undefined
          ? undefined
          : { scanned, imported, customerErrors: 0 };
      return resources && { ...resources, ...(files && { files }) };
    },
  },
};

/** A result has room for so many, each of which usually takes 90 bytes: Temporal takes 2 MB. */
const MOST_IMAGE_SETS = 1_000;
const MOST_BYTES_OF_IMAGE_SETS = 200_000;

/**
 * The image sets that a manifest of HealthImaging names: those that are not primary first, since they want somebody's
 * attention, and the first thousand at the most.
 *
 * @param manifestUri - where the rest can be read
 */
export function imageSetsIn(
  { jobSummary }: Record<string, unknown>,
  manifestUri: string,
): { imageSetCounts: ImageSetCounts; imageSets: ImportedImageSet[] } {
  const { imageSetsSummary } = recordOf(jobSummary);
  const all = (Array.isArray(imageSetsSummary) ? imageSetsSummary : []).flatMap(imageSetOf);
  const nonPrimary = all.filter(({ isPrimary }) => isPrimary === false);
  const others = all.filter(({ isPrimary }) => isPrimary !== false);
  const imageSets = cutList([...nonPrimary, ...others].slice(0, MOST_IMAGE_SETS), MOST_BYTES_OF_IMAGE_SETS);
  return {
    imageSetCounts: {
      total: all.length,
      nonPrimary: nonPrimary.length,
      ...(all.length > imageSets.length && { restIn: manifestUri }),
    },
    imageSets: [...imageSets],
  };
}

function imageSetOf(entry: unknown): ImportedImageSet[] {
  if (!isRecord(entry) || typeof entry['imageSetId'] !== 'string') return [];
  const { imageSetId, imageSetVersion, isPrimary } = entry;
  return [
    {
      imageSetId,
      ...(typeof imageSetVersion === 'number' && { imageSetVersion }),
      ...(typeof isPrimary === 'boolean' && { isPrimary }),
    },
  ];
}

function numbersIn(members: unknown): (name: string) => number | undefined {
  const record = recordOf(members);
  return (name) => (typeof record[name] === 'number' ? record[name] : undefined);
}

/** A manifest that does not say what was scanned and what was imported says nothing. */
function countsOf(
  counts: Record<Exclude<keyof ImportCounts, 'files'>, number | undefined>,
): ImportCounts | undefined {
  const { scanned, imported, customerErrors = 0, serverErrors = 0 } = counts;
  if (scanned === undefined || imported === undefined) return undefined;
  return { scanned, imported, customerErrors, serverErrors };
}
