/** An EventBridge event of HealthImaging or HealthLake, as a run receives it in the signal `awsEvent`. */
export interface AwsEvent {
  /** Not used by runs: EventBridge may deliver an event twice, and then the run only reads once more. */
  id: string;
  source: string;
  detailType: string;
  time: string;
  ids: Record<string, string>;
}

/** The detail types of final states. Other events only report progress. */
const TERMINAL =
  /(Created|Active|Creation Failed|Deleted|Completed|Completed With Errors|Failed|Copied|Updated)$/;

/** Whether an event with this `detail-type` says that a job, a data store or an image set has reached a final state. */
export const isTerminalEvent = (detailType: string): boolean => TERMINAL.test(detailType);
