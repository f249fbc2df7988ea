import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The folder of the Arazzo documents. */
export const DOCUMENTS = fileURLToPath(new URL('../../arazzo/', import.meta.url));

/** The names of the documents: `copy-image-set` for `copy-image-set.yaml`. */
export const DOCUMENT_NAMES = readdirSync(DOCUMENTS).flatMap(
  (file) => /^(\w+-.*)\.yaml$/.exec(file)?.[1] ?? [],
);

/** The parts of an Arazzo document that the tests use. */
export interface ArazzoDocument {
  readonly sourceDescriptions: readonly { readonly name: string; readonly url: string }[];
  readonly workflows: readonly {
    readonly workflowId: string;
    readonly inputs: { readonly properties: Record<string, unknown> };
    readonly steps: readonly DocumentedStep[];
  }[];
}

export interface DocumentedStep {
  readonly stepId: string;
  readonly operationId: string;
  readonly requestBody?: { readonly contentType: string };
}

/** The call that a workflow makes for one step of its document. */
export interface Call {
  readonly activityType: string;
  /** The first word of the call's summary. */
  readonly stepId: string;
}

/** A Temporal history as `handle.fetchHistory()` returns it, or in the JSON format of the CLI and of `test/histories`. */
export interface HistoryLike {
  readonly events?: readonly HistoryEventLike[] | null;
}

export interface HistoryEventLike {
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType?: { readonly name?: string | null } | null;
  } | null;
  readonly userMetadata?: { readonly summary?: { readonly data?: Uint8Array | string | null } | null } | null;
}

/** Reads a document by its file name, such as `copy-image-set.yaml`. */
export function readDocument(file: string): ArazzoDocument {
  return parse(readFileSync(DOCUMENTS + file, 'utf8'));
}

/** The calls of the steps of a document, in order. */
function documentedCalls(file: string): Call[] {
  const { sourceDescriptions, workflows } = readDocument(file);
  const service = sourceDescriptions[0]?.name === 'healthLake' ? 'Fhir' : 'Imaging';
  return workflows.flatMap(({ steps }) =>
    steps.map(({ stepId, operationId }) => ({ activityType: activityTypeOf(operationId, service), stepId })),
  );
}

/**
 * The calls in a history that belong to steps of the document, in order. Calls outside the document, whose summary begins with
 * `+`, are omitted. Repeated reads of one step are polling and count once; a repeated change counts each time.
 */
export function stepsOfHistory({ events }: HistoryLike): Call[] {
  return (events ?? [])
    .flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      const stepId = summaryOf(event).split(' ', 1)[0] ?? '';
      return scheduled ? [{ activityType: scheduled.activityType?.name ?? '', stepId }] : [];
    })
    .filter(({ stepId }) => !stepId.startsWith('+'))
    .filter((call, index, calls) => !(isRead(call) && isSame(call, calls[index - 1])));
}

/**
 * Expects that a run has made the calls of its document, in the same order and with the same step names.
 *
 * @param lastStep - the step at which the run ended, if that was before the document's last step
 */
export function expectHistoryFollows(file: string, history: HistoryLike, lastStep?: string): void {
  const calls = documentedCalls(file);
  const end = lastStep ? calls.findIndex(({ stepId }) => stepId === lastStep) + 1 : calls.length;
  expect(stepsOfHistory(history)).toEqual(calls.slice(0, end));
}

/** The activity type of an operation, which is the SDK's method name. The tag operations of both services have the same name. */
function activityTypeOf(operationId: string, service: 'Fhir' | 'Imaging'): string {
  const method = operationId.charAt(0).toLowerCase() + operationId.slice(1);
  return method.replace(/^(tag|untag|listTagsFor)(?=Resource$)/, `$1${service}`);
}

/** The summary of a call or a timer, which the Web UI shows. */
export function summaryOf({ userMetadata }: HistoryEventLike): string {
  const data = userMetadata?.summary?.data;
  if (!data) return '';
  const json = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data);
  return String(JSON.parse(json.toString()));
}

export function isRead({ activityType }: Pick<Call, 'activityType'>): boolean {
  return /^(?:get|describe|list|search)/.test(activityType);
}

function isSame(call: Call, other: Call | undefined): boolean {
  return call.activityType === other?.activityType && call.stepId === other.stepId;
}
