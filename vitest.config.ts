import { configDefaults, defineConfig } from 'vitest/config';

/** Crash tests that take minutes run where SLOW is set: in .ci/run. */
const slow = process.env.SLOW ? [] : ['**/*.slow.test.ts'];

export default defineConfig({
  test: {
    include: ['{packages,services,apps}/*/test/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...slow],
    setupFiles: ['tests/support/fast-check.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    // Tests wait for processes and clocks more than they compute, on two cores too; the slow ones start many processes.
    maxWorkers: process.env.SLOW ? 2 : 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
