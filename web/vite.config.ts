import { defineConfig } from 'vite';
import { pageFiles } from './build/page-files.ts';

export default defineConfig({
  // Relative paths: the publication is a folder that any host serves below any address.
  base: './',
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Nothing is inlined but by `pageFiles`, which knows what the content security policy allows.
    assetsInlineLimit: 0,
    // The polyfill fetches; the page fetches nothing but its own module.
    modulePreload: { polyfill: false },
    // Messages, views and checks are few kilobytes: one file, one hash.
    cssCodeSplit: false,
  },
  // The worker stands inside the script, so that one digest covers both: there is none to give with a worker's address.
  worker: { format: 'iife' },
  plugins: [
    pageFiles({
      verifier: 'src/wasm/por_verifier_wasm_bg.wasm',
      reserves: 'src/wasm/por_reserves_wasm_bg.wasm',
      publication: 'src/wasm/por_publication_wasm_bg.wasm',
      example: '../fixtures/vectors/report/three-books.json',
      catalogues: 'src/messages/catalogues',
    }),
  ],
});
