/** Returns its items in order, with the first one at hand (a binary heap). Items that are equal are returned as they were added. */
export class PriorityQueue<T> {
  readonly #heap: { readonly item: T; readonly number: number }[] = [];
  readonly #order: (a: T, b: T) => number;
  #added = 0;

  /** @param order - negative if `a` comes before `b`, as for `Array.sort` */
  constructor(order: (a: T, b: T) => number) {
    this.#order = order;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Returns the first item without removing it. */
  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  push(item: T): void {
    const heap = this.#heap;
    heap.push({ item, number: this.#added++ });
    for (let at = heap.length - 1; at > 0 && this.#isBefore(at, (at - 1) >> 1); at = (at - 1) >> 1) {
      this.#swap(at, (at - 1) >> 1);
    }
  }

  /** Removes the first item, and returns it. */
  pop(): T | undefined {
    const heap = this.#heap;
    if (heap.length > 1) this.#swap(0, heap.length - 1);
    const first = heap.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (child >= heap.length || !this.#isBefore(child, at)) return first?.item;
      this.#swap(at, child);
      at = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    return (this.#order(a.item, b.item) || a.number - b.number) < 0;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a && b) [this.#heap[one], this.#heap[other]] = [b, a];
  }
}
