/** @returns the S3 URI of a folder, which ends with one slash, however many the given one ends with */
export const folderUri = (uri: string): string => uri.replace(/\/*$/, '/');
