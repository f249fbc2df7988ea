/** A frame that the codecs here cannot decode or encode. The message holds no value of the file. */
export class CannotTranscode extends Error {}
