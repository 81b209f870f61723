// The part of the API of `typescript` that dependency-cruiser uses: it converts a file to JavaScript and reads its imports.
// Only the imports are returned, found by their shape, which oxfmt guarantees. Type-only ones become `require` calls,
// which the sources never contain, so that a rule can distinguish them by dependency type: directions apply to types
// too, while only cycles of values are reported.
const NAMES = String.raw`(?:[\w$]+|\*(?: as [\w$]+)?|\{[^{}'"]*\}|, )+`;
const VALUE = new RegExp(String.raw`^(?:import|export) (?!type )(?:${NAMES} from )?'([^']+)'`, 'gm');
const TYPE_ONLY = new RegExp(String.raw`^(?:import|export) type ${NAMES} from '([^']+)'`, 'gm');
const INLINE_TYPE = /(?<!await )\bimport\('([^']+)'\)\.[A-Z]/g;
const DYNAMIC = /\bawait import\('([^']+)'\)/g;

const found = (pattern, source, write) => Array.from(source.matchAll(pattern), (match) => write(match[1]));

function transpileModule(source) {
  const lines = [
    ...found(VALUE, source, (name) => `import '${name}';`),
    ...found(TYPE_ONLY, source, (name) => `require('${name}');`),
    ...found(INLINE_TYPE, source, (name) => `require('${name}');`),
    ...found(DYNAMIC, source, (name) => `import('${name}');`),
  ];
  return { outputText: lines.join('\n') };
}

// SyntaxKind is read when dependency-cruiser loads and not used by the parser chosen in .dependency-cruiser.cjs.
module.exports = { version: '6.0.0', SyntaxKind: {}, transpileModule };
