// dependency-cruiser requires the JavaScript API of the package `typescript`, which version 7 no longer has.
// Loaded with --import, this module redirects that one import to typescript.cjs next to it.
import { registerHooks } from 'node:module';

const replacements = new Map([
  ['typescript', new URL('typescript.cjs', import.meta.url).href],
  ['typescript/package.json', new URL('typescript.json', import.meta.url).href],
]);

registerHooks({
  resolve(specifier, context, next) {
    const url = replacements.get(specifier);
    if (url === undefined) return next(specifier, context);
    return { url, format: url.endsWith('.json') ? 'json' : 'commonjs', shortCircuit: true };
  },
});
