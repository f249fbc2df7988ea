/** Whether a value is an object whose members can be looked at by name. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same value where it is such an object, else one without members. */
export const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
