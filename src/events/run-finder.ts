import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeFHIRExportJobCommand,
  DescribeFHIRImportJobCommand,
  ResourceNotFoundException,
  type HealthLakeClient,
} from '@aws-sdk/client-healthlake';
import type { Client } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { OUR_SEARCH_ATTRIBUTES } from '../lib/search-attributes.ts';
import type { ServiceEvent } from './service-event.ts';

/** The runs that an event is about, or why there is nothing to look for. */
export type Found =
  | { kind: 'runs'; workflowIds: readonly string[] }
  /** Temporal's visibility lags by a second or two, so the run may be found later. */
  | { kind: 'none yet' }
  /** The job was not named by a run, and the namespace has no search attribute for its id. */
  | { kind: 'unsearchable' };

/** The run id at the end of a job's name, which {@link jobNameFor} of the workflows puts there. */
const RUN_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const CACHED = 10_000;

/** Of an open workflow there is one run, and a data store is rarely awaited by more than a few. */
const MOST_RUNS = 10;

/**
 * Finds the runs that wait for what an event is about.
 *
 * A run puts its run id into the name of its job, and a visibility query by run id finds the workflow id even after the run has
 * continued as new. So jobs need no search attribute, and one look-up for each run is enough. Image sets and data stores have no
 * such name: their runs are found where the namespace has our search attributes.
 */
export class RunFinder {
  readonly #workflowIds = new LRUCache<string, string>({ max: CACHED });
  readonly #jobNames = new LRUCache<string, string>({ max: CACHED });
  #nextLookUp = 0;

  /**
   * @param options - `attributes`: which of our search attributes the namespace has; `lookUpsPerSecond`: of Temporal's
   *   visibility, which by default accepts 10 a second from all clients of a namespace (`frontend.namespaceRPS.visibility`)
   */
  constructor(
    readonly temporal: Client,
    readonly healthlake: HealthLakeClient,
    readonly options: { attributes: ReadonlySet<string>; lookUpsPerSecond?: number },
  ) {}

  /** @throws the error of Temporal or HealthLake */
  async find(event: ServiceEvent): Promise<Found> {
    if (event.about === 'job') {
      const runId = RUN_ID.exec((await this.#jobName(event)) ?? '')?.[0];
      if (runId !== undefined) return this.#byRunId(runId);
    }
    const attribute = ATTRIBUTES[event.about];
    if (!this.options.attributes.has(attribute)) return { kind: 'unsearchable' };
    const query = `${attribute} = '${event.id}' AND ExecutionStatus = 'Running'`;
    return toFound(await this.#lookUp(query));
  }

  async #byRunId(runId: string): Promise<Found> {
    const known = this.#workflowIds.get(runId);
    const workflowIds = known === undefined ? await this.#lookUp(`RunId = '${runId}'`) : [known];
    const [workflowId] = workflowIds;
    if (workflowId !== undefined) this.#workflowIds.set(runId, workflowId);
    return toFound(workflowIds);
  }

  /** HealthLake's events do not name the job. */
  async #jobName({ jobName, job, datastoreId, id }: ServiceEvent): Promise<string | undefined> {
    if (jobName !== undefined || job === undefined || job === 'DICOM import') return jobName;
    const known = this.#jobNames.get(id);
    if (known !== undefined) return known;
    const request = { DatastoreId: datastoreId, JobId: id };
    const name = await this.#describe(job, request).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return '';
      throw error;
    });
    this.#jobNames.set(id, name);
    return name;
  }

  async #describe(
    job: 'FHIR import' | 'FHIR export',
    request: { DatastoreId: string; JobId: string },
  ): Promise<string> {
    const { healthlake } = this;
    const properties =
      job === 'FHIR import'
        ? (await healthlake.send(new DescribeFHIRImportJobCommand(request))).ImportJobProperties
        : (await healthlake.send(new DescribeFHIRExportJobCommand(request))).ExportJobProperties;
    return properties?.JobName ?? '';
  }

  async #lookUp(query: string): Promise<string[]> {
    await this.#turn();
    const { workflowService, options } = this.temporal;
    const request = { namespace: options.namespace, query, pageSize: MOST_RUNS };
    const { executions } = await workflowService.listWorkflowExecutions(request);
    const workflowIds = executions.map(({ execution }) => execution?.workflowId ?? '');
    return [...new Set(workflowIds)].filter((workflowId) => workflowId !== '');
  }

  /** Waits until the next look-up is due. */
  async #turn(): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.#nextLookUp);
    this.#nextLookUp = at + 1_000 / (this.options.lookUpsPerSecond ?? 5);
    await sleep(at - now);
  }
}

const ATTRIBUTES: Readonly<Record<ServiceEvent['about'], string>> = {
  job: OUR_SEARCH_ATTRIBUTES.jobId,
  imageSet: OUR_SEARCH_ATTRIBUTES.imageSetId,
  datastore: OUR_SEARCH_ATTRIBUTES.datastoreId,
};

const toFound = (workflowIds: readonly string[]): Found =>
  workflowIds.length > 0 ? { kind: 'runs', workflowIds } : { kind: 'none yet' };
