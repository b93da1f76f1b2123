import { defineConfig } from 'vite';

export default defineConfig({
  // Relative paths: the publication is a folder that any host serves below any address.
  base: './',
  build: {
    outDir: 'dist',
    target: 'es2022',
    // The WASM stays a file of its own: the content security policy allows no `data:` address for it.
    assetsInlineLimit: 0,
    // The polyfill fetches; the page fetches nothing but its own module.
    modulePreload: { polyfill: false },
    // Messages, views and checks are few kilobytes: one file, one hash.
    cssCodeSplit: false,
  },
  worker: { format: 'es' },
});
