/** Holds the row that the reader looks at in its place while rows come and go. */
export class ScrollAnchor {
  #held: { key: string; top: number } | undefined;

  /** Notes which row of a scrolling box is first in view, and where. Rows carry data-key and data-seq. */
  remember(box: HTMLElement): void {
    const edge = box.getBoundingClientRect().top;
    this.#held = undefined;
    for (const row of box.querySelectorAll<HTMLElement>("[data-seq]")) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom <= edge) continue;
      this.#held = { key: row.dataset["key"] ?? "", top };
      return;
    }
  }

  /** Scrolls the box so that the row is where it was. */
  restore(box: HTMLElement): void {
    if (!this.#held) return;
    const row = box.querySelector(`[data-key="${CSS.escape(this.#held.key)}"]`);
    if (row) box.scrollTop += row.getBoundingClientRect().top - this.#held.top;
  }
}
