/** The AWS tag on a data store that holds the mark of the run that created it. */
export const RUN_TAG = 'aws-health-workflows:run';
