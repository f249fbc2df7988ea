/**
 * The JSON text of the DICOM attributes that an update sets or removes.
 *
 * @param given - the JSON text, or its base64, which is what the AWS API and the published document use
 */
export function attributesText(given: string): string {
  return given.trimStart().startsWith('{') ? given : Buffer.from(given, 'base64').toString('utf8');
}
