/** The search attributes of our runs, all of type Keyword, by what each holds. A namespace need not have them. */
export const OUR_SEARCH_ATTRIBUTES = {
  datastoreId: 'AwsDatastoreId',
  jobId: 'AwsJobId',
  imageSetId: 'AwsImageSetId',
  /** How an import ended: `complete`, `partial`, `none` or `unknown`. To Temporal a partial import is `COMPLETED`. */
  outcome: 'AwsOutcome',
} as const;

export const OUR_SEARCH_ATTRIBUTE_NAMES: readonly string[] = Object.values(OUR_SEARCH_ATTRIBUTES);
