/** Whether a value is an object, and not an array or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value itself if it is a record, otherwise an empty record. */
export const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
