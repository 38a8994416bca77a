import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The client, built by src/build.ts; `npm run dev:web` serves it with hot reload, before a system that runs. */
const SYSTEM = process.env.PUBLIC_URL ?? 'http://127.0.0.1:8080';
const paths = [
  '/orders',
  '/products',
  '/pays',
  '/notices',
  '/myPages',
  '/deliveries',
  '/desk/api',
  '/pictures',
];

export default defineConfig(({ command }) => {
  // Whoever builds it: in a test's process it would be React for developers.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
    root: 'client',
    plugins: [react()],
    build: {
      target: 'es2022',
      // A data: URL for an image is allowed by the policy; for anything else it is not.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    server: { proxy: Object.fromEntries(paths.map(path => [path, SYSTEM])) },
  };
});
