import type { S3Location } from '../s3/places.ts';
import type { World } from '../world.ts';
import { readInstance, type DicomInstance } from './dicom-instance.ts';
import { keepFrames, type InstanceFrames } from './image-frames.ts';
import { keepImportedFile } from './imported-file.ts';
import { frameWarnings, type ImportWarning } from './import-warnings.ts';
import { viewsOf, type Instance, type Metadata } from './metadata.ts';

/** One input file of an import, whose frames have been stored. */
export interface InputFile {
  readonly seriesUid: string;
  readonly metadata: Metadata;
  readonly warnings: readonly ImportWarning[];
}

/**
 * Reads one input file and stores its frames. Only its metadata and one frame at a time are read into memory.
 *
 * @throws NotImportable
 */
export async function readInputFile(
  world: World,
  location: S3Location,
  datastoreId: string,
): Promise<InputFile> {
  const source = world.buckets.open(location);
  try {
    const { maxInflatedDicomBytes, maxMetadataBytes } = world.settings;
    const limits = { maxMetadataBytes, maxInflatedBytes: maxInflatedDicomBytes };
    const instance = await readInstance(source, limits);
    const frames = await keepFrames(world, datastoreId, instance);
    const metadata = metadataOf(instance, frames, world.settings.checksumTypeOfKeptFrames);
    for (const view of viewsOf(metadata)) {
      await keepImportedFile(world, source, { datastoreId, view, pixelData: instance.pixelData });
    }
    return {
      seriesUid: instance.seriesUid,
      warnings: [...instance.warnings, ...frameWarnings(frames.problem)],
      metadata,
    };
  } finally {
    source.close();
  }
}

/** The metadata of an image set that holds one instance. */
function metadataOf(
  instance: DicomInstance,
  frames: InstanceFrames,
  checksumTypeOfKeptFrames: string,
): Metadata {
  const { levels, seriesUid, sopUid } = instance;
  return {
    Patient: { DICOM: levels.patient },
    Study: {
      DICOM: levels.study,
      Series: {
        [seriesUid]: {
          DICOM: levels.series,
          Instances: { [sopUid]: instanceOf(instance, frames, checksumTypeOfKeptFrames) },
        },
      },
    },
  };
}

function instanceOf(
  { levels, vrs }: DicomInstance,
  { imageFrames, storedTransferSyntaxUid, isDecoded }: InstanceFrames,
  checksumTypeOfKeptFrames: string,
): Instance {
  return {
    DICOM: levels.instance,
    DICOMVRs: vrs,
    StoredTransferSyntaxUID: storedTransferSyntaxUid,
    // `DECOMPRESSED` is known from a metadata document of the service.
    ChecksumType: isDecoded ? 'DECOMPRESSED' : checksumTypeOfKeptFrames,
    ImageFrames: imageFrames,
  };
}
