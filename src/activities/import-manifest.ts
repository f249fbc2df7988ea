import { isRecord, recordOf } from '../lib/guards.ts';
import { cutList } from '../lib/size.ts';
import type { ImportingService } from './report-lines.ts';

/** The counters of an import: of files for HealthImaging, of resources for HealthLake. */
export interface ImportCounts {
  scanned: number;
  imported: number;
  customerErrors: number;
  serverErrors: number;
  /** HealthLake: the ndjson files. The resources of a file that could not be read are not among the scanned ones. */
  files?: FileCounts;
}

export interface FileCounts {
  scanned: number;
  imported: number;
  /** Files that could not be read because of an error in the data. Only the job's progress report counts them. */
  customerErrors: number;
}

export interface ImportedImageSet {
  imageSetId: string;
  imageSetVersion?: number;
  /** False for an image set with data that conflict with those in the data store. */
  isPrimary?: boolean;
}

/** How many image sets an import has created or changed. */
export interface ImageSetCounts {
  total: number;
  nonPrimary: number;
  /** The URI of the manifest, which lists all image sets. Only present if `imageSets` was cut at its limit. */
  restIn?: string;
}

/** The differences between the manifests of the two services. */
interface ManifestFormat {
  readonly folder: (job: { datastoreId: string; jobId: string }) => string;
  /** The possible names of the manifest. */
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
    // The developer guide of 2021 has the second spelling.
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

/** The result of a run is limited to 2 MB. An image set usually takes 90 bytes. */
const MOST_IMAGE_SETS = 1_000;
const MOST_BYTES_OF_IMAGE_SETS = 200_000;

/**
 * The image sets in a manifest of HealthImaging, up to a thousand. The non-primary ones come first, because somebody has to
 * look at them.
 *
 * @param manifestUri - the URI of the manifest. If some image sets are left out, the result names it as the place to find them
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

/** Undefined for a manifest without the counters of scanned and imported files or resources. */
function countsOf(
  counts: Record<Exclude<keyof ImportCounts, 'files'>, number | undefined>,
): ImportCounts | undefined {
  const { scanned, imported, customerErrors = 0, serverErrors = 0 } = counts;
  if (scanned === undefined || imported === undefined) return undefined;
  return { scanned, imported, customerErrors, serverErrors };
}
