/** The custom search attributes of our runs, all of type Keyword, by what they contain. A namespace need not have them. */
export const OUR_SEARCH_ATTRIBUTES = {
  datastoreId: 'AwsDatastoreId',
  jobId: 'AwsJobId',
  imageSetId: 'AwsImageSetId',
  /** The outcome of an import: `complete`, `partial`, `none` or `unknown`. Temporal's own status of a partial import is `COMPLETED`. */
  outcome: 'AwsOutcome',
} as const;

export const OUR_SEARCH_ATTRIBUTE_NAMES: readonly string[] = Object.values(OUR_SEARCH_ATTRIBUTES);
