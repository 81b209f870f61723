/** An entry of the timeline: an id at an instant; `order` decides between equal instants. */
export interface Timed {
  readonly at_ms: number;
  readonly order: number;
  readonly id: string;
}

/** A binary heap of entries; the earliest is first. */
export class Timeline {
  readonly #entries: Timed[] = [];

  get first(): Timed | undefined {
    return this.#entries[0];
  }

  push(entry: Timed): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  dropFirst(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    entries[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < entries.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#entries[a], this.#entries[b]];
    if (!left || !right) return false;
    return left.at_ms < right.at_ms || (left.at_ms === right.at_ms && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#entries[a], this.#entries[b]];
    if (!left || !right) return;
    this.#entries[a] = right;
    this.#entries[b] = left;
  }
}
