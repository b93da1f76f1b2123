import { defineConfig } from 'vitest/config';

// These tests drive the system's Chromium against the built page; see README.md for what they need.
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    environment: 'node',
    // One browser, one file at a time: the machine that runs the tests may have two cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
