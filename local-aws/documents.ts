/** Large values by id, which stay on disk until they are read. */
export interface Documents<T> {
  get(id: string): T | undefined;
  put(id: string, document: T): void;
}

/**
 * Keeps the documents that were read last. Without it, reading the frames of an image set one by one would parse the metadata
 * each time.
 */
export class DocumentCache {
  readonly #documents = new Map<string, { readonly document: unknown; readonly characters: number }>();
  readonly #maxCharacters: number;
  #characters = 0;

  /**
   * @param maxCharacters - the limit for the JSON texts of all documents together; the newest one is kept even if it is larger
   */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get(key: string): unknown {
    const found = this.#documents.get(key);
    if (!found) return undefined;
    // Moves the document to the end of the map, because `put` removes documents from the beginning.
    this.#documents.delete(key);
    this.#documents.set(key, found);
    return found.document;
  }

  put(key: string, document: unknown, characters: number): void {
    this.delete(key);
    this.#documents.set(key, { document, characters });
    this.#characters += characters;
    for (const oldest of this.#documents.keys()) {
      if (this.#characters <= this.#maxCharacters || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#characters -= this.#documents.get(key)?.characters ?? 0;
    this.#documents.delete(key);
  }
}
