import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// One file with a fixed name: the server adds the hash to its address. The same sources give the same bytes.
export default defineConfig({
  root: folder('.'),
  logLevel: 'warn',
  build: {
    target: 'es2022',
    outDir: folder('../themes/default/public/static/js'),
    emptyOutDir: false,
    copyPublicDir: false,
    modulePreload: false,
    rolldownOptions: {
      input: folder('kit.ts'),
      output: {
        entryFileNames: 'kit.js',
        format: 'es',
        codeSplitting: false,
        postBanner: '/*! Generated from ui/ by npm run build:ui. */',
      },
    },
  },
});
