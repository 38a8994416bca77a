import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** libfaketime, which stands between a process and the system's clock, where it is installed. */
export const faketimeLibrary = ['/usr/lib', ...folders()]
  .map(folder => join(folder, 'faketime', 'libfaketime.so.1'))
  .find(path => existsSync(path));

function folders(): string[] {
  return existsSync('/usr/lib') ? readdirSync('/usr/lib').map(folder => join('/usr/lib', folder)) : [];
}

/** A clock that a test sets. */
export interface FakeClock {
  /** The variables with which a process goes by it. What only goes forward (CLOCK_MONOTONIC) is left alone. */
  env: Record<string, string>;
  /** Sets how far it is ahead of the system's clock. */
  set(aheadSeconds: number): void;
}

/** @param file where it is kept that the clock is ahead; processes of other users read it too */
export function createFakeClock(file: string): FakeClock {
  /** The file is replaced: whoever reads it sees the old or the new. */
  function set(aheadSeconds: number): void {
    writeFileSync(`${file}.new`, `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}\n`, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  }
  set(0);
  return {
    env: {
      LD_PRELOAD: faketimeLibrary ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // It would be root's, and PostgreSQL is not.
      FAKETIME_DISABLE_SHM: '1',
    },
    set,
  };
}
