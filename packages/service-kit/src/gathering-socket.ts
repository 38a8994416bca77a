import { Socket } from 'node:net';

/**
 * A socket that sends in one system call what is written in one turn of the event loop. The statements of a
 * transaction that do not wait for each other go to the server together, and it wakes once for them: system calls are
 * what a busy process spends most on.
 */
export class GatheringSocket extends Socket {
  #held = false;

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    super.cork();
    // After all that follows from what is under way now, promises included.
    process.nextTick(() => {
      this.#held = false;
      super.uncork();
    });
  }

  override cork(): void {
    this.#hold();
  }

  /** The turn's end does it. */
  override uncork(): void {}

  override write(...args: unknown[]): boolean {
    this.#hold();
    return (super.write as (...args: unknown[]) => boolean).apply(this, args);
  }
}
