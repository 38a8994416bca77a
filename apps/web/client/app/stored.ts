import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
addEventListener('storage', () => {
  for (const listener of listeners) listener();
});

/** Keeps a value in this browser, as JSON. */
export function store(key: string, value: unknown): void {
  localStorage.setItem(key, JSON.stringify(value));
  for (const listener of listeners) listener();
}

/** What is kept under a key; `fallback` where nothing is, or nothing that can be read. */
export function stored<T>(key: string, fallback: T): T {
  return parse(localStorage.getItem(key), fallback);
}

/** Forgets what is kept under a key. */
export function forget(key: string): void {
  localStorage.removeItem(key);
  for (const listener of listeners) listener();
}

/** What is kept under a key, followed as it changes, in other tabs too. Only for values without parts. */
export function useStored<T extends string | number | boolean | null>(key: string, fallback: T): T {
  const text = useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => localStorage.getItem(key),
  );
  return parse(text, fallback);
}

function parse<T>(text: string | null, fallback: T): T {
  if (text === null) return fallback;
  try {
    return JSON.parse(text) as T;
  } catch {
    return fallback;
  }
}
