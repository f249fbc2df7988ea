import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound, ServiceError } from '../errors.ts';
import { phaseAt, type Phase, type Timeline } from '../timeline.ts';
import { isForgotten, type World } from '../world.ts';

type DatastoreStatus = MedicalImaging.DatastoreStatus;

export interface Datastore extends Timeline<Phase & { readonly status: DatastoreStatus }> {
  readonly datastoreId: string;
  readonly datastoreName: string;
  readonly createdAt: number;
  readonly kmsKeyArn?: string | undefined;
  readonly lambdaAuthorizerArn?: string | undefined;
  readonly losslessStorageFormat?: MedicalImaging.LosslessStorageFormat | undefined;
}

export const datastores = ({ store }: World) => store.table<Datastore>('datastore');

export const datastoreArn = ({ settings }: World, datastoreId: string) =>
  `arn:aws:medical-imaging:${settings.region}:${settings.accountId}:datastore/${datastoreId}`;

export const statusOf = (datastore: Datastore) => phaseAt(datastore, Date.now()).status;

/** Deleted so long ago that it does not answer any more. */
export const isGone = (world: World, datastore: Datastore) =>
  isForgotten(world, phaseAt(datastore, Date.now()));

export function requireDatastore(world: World, datastoreId: string): Datastore {
  const datastore = datastores(world).get(datastoreId);
  if (!datastore || isGone(world, datastore)) throw notFound(`Data store ${datastoreId}`);
  return datastore;
}

/** @throws ServiceError when there is no such data store, or it cannot be worked with (which error is a setting) */
export function requireActive(
  world: World,
  datastoreId: string,
  alsoUsable: readonly DatastoreStatus[] = [],
): Datastore {
  const datastore = requireDatastore(world, datastoreId);
  const status = statusOf(datastore);
  if (status !== 'ACTIVE' && !alsoUsable.includes(status)) {
    throw new ServiceError(
      world.settings.imagingDatastoreNotActiveError,
      `The data store ${datastoreId} is ${status}, not ACTIVE.`,
    );
  }
  return datastore;
}
