/** The search attributes of our runs, all of type Keyword, by the id that each has. A namespace need not have them. */
export const OUR_SEARCH_ATTRIBUTES = {
  datastoreId: 'AwsDatastoreId',
  jobId: 'AwsJobId',
  imageSetId: 'AwsImageSetId',
} as const;

export const OUR_SEARCH_ATTRIBUTE_NAMES: readonly string[] = Object.values(OUR_SEARCH_ATTRIBUTES);
