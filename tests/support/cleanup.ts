/** What a test opened, closed in the opposite order. */
export interface Cleanup {
  add(close: () => unknown): void;
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const closers: (() => unknown)[] = [];
  return {
    add: close => void closers.push(close),
    async run() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}
