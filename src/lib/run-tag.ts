/** The tag of a data store that holds the mark of the run which has created it. */
export const RUN_TAG = 'aws-health-workflows:run';
