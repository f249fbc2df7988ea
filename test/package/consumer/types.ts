/** A strict consumer of every export of the package. It is only compiled. */
import { FlowClient, type FlowInput, type FlowResult } from 'aws-health-workflows';
import { createActivities } from 'aws-health-workflows/activities';
import { startLocalAws, type LocalAwsOptions, type Settings } from 'aws-health-workflows/local-aws';
import { workerOptions } from 'aws-health-workflows/worker';
import { runFlow, waitFor } from 'aws-health-workflows/workflow';
import * as workflows from 'aws-health-workflows/workflows';

const input: FlowInput<'copyImageSet'> = {
  datastoreId: 'd'.repeat(32),
  sourceImageSetId: 'a'.repeat(32),
  // @ts-expect-error -- there is no such member
  destination: 'b'.repeat(32),
};

export const status = (result: FlowResult<'provisionDatastore'>): string => result.datastoreStatus;
export const settings: Partial<Settings> = { copyMs: 10 };
export const options: LocalAwsOptions = { memory: true, settings };
export const uses = [FlowClient, createActivities, startLocalAws, workerOptions, runFlow, waitFor, workflows];
export default input;
