/** A file that the service would not import. The message names attributes and limits, never values. */
export class NotImportable extends Error {}
