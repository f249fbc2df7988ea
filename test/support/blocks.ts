/** The code blocks of the documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Block {
  /** The document, relative to the root of the repository. */
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

/**
 * Finds the code blocks of a document, in their order.
 *
 * @param file - the document, relative to the root of the repository
 */
export function blocksIn(file: string): Block[] {
  const markdown = readFileSync(join(root, file), 'utf8');
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    file,
    language,
    text,
  }));
}

/** The texts of those blocks of a document that are in one language. */
export const blocksOf = (file: string, language: string): string[] =>
  blocksIn(file).flatMap((block) => (block.language === language ? [block.text] : []));
