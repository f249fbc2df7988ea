/**
 * The JSON text of attributes that an update sets or removes.
 *
 * @param given - that JSON, or its base64: as the wire has it, and so the published document
 */
export function attributesText(given: string): string {
  return given.trimStart().startsWith('{') ? given : Buffer.from(given, 'base64').toString('utf8');
}
