const { rooms, subrooms } = require('./tools/rooms.cjs');

const names = Object.keys(rooms);
const anyRoom = `(?:${names.join('|')})`;
const test = '[.]test[.]ts$';
const above = '^src/[^/]+[.]ts$|^src/(?:commands|demo|first-run|secrets|set-up|settings|simulate)/';

const directions = names.map((room) => {
  const allowed = [room, ...rooms[room]].join('|');
  return {
    name: `direction:${room}`,
    comment: `${room} may import the doors of: ${rooms[room].join(', ') || 'no room'} (tools/rooms.cjs).`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: test },
    to: { path: [`^src/${anyRoom}/`, above], pathNot: `^src/(?:${allowed})/` },
  };
});

// One rule per sub-room: the doors of the sub-rooms listed for it, and the files at the root of its room.
const subroomDirections = Object.entries(subrooms).flatMap(([room, parts]) =>
  Object.entries(parts).map(([part, allowed]) => {
    const doors = allowed.map((other) => `^src/${room}/${other}/index[.]ts$`);
    return {
      name: `direction:${room}/${part}`,
      comment: `${room}/${part} may import the doors of: ${allowed.join(', ') || 'no sub-room'} (tools/rooms.cjs).`,
      severity: 'error',
      from: { path: `^src/${room}/${part}/`, pathNot: test },
      to: { path: `^src/${room}/[^/]+/`, pathNot: [`^src/${room}/${part}/`, ...doors] },
    };
  }),
);
const divided = `(?:${Object.keys(subrooms).join('|') || 'none'})`;

module.exports = {
  forbidden: [
    {
      name: 'doors-only',
      comment: 'A room is entered by its index.ts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: `^src/${anyRoom}/`, pathNot: ['^src/$1/', `^src/${anyRoom}/index[.]ts$`] },
    },
    {
      name: 'doors-only',
      comment: 'A room is entered by its index.ts.',
      severity: 'error',
      from: { path: '^(?:src/[^/]+[.]ts$|test/|bench/|examples/)' },
      to: { path: `^src/${anyRoom}/`, pathNot: `^src/${anyRoom}/index[.]ts$` },
    },
    {
      name: 'own-door',
      comment: 'Inside a room, files import each other; the door is for the others.',
      severity: 'error',
      from: { path: `^src/(${anyRoom})/` },
      to: { path: '^src/$1/index[.]ts$' },
    },
    ...directions,
    ...subroomDirections,
    {
      name: 'subroom-doors-only',
      comment: 'The files at the root of a room import a sub-room by its index.ts.',
      severity: 'error',
      from: { path: `^src/(${divided})/[^/]+$`, pathNot: test },
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/$1/[^/]+/index[.]ts$' },
    },
    {
      name: 'own-subroom-door',
      comment: 'Inside a sub-room, files import each other; its door is for the others.',
      severity: 'error',
      from: { path: `^src/(${divided})/([^/]+)/` },
      to: { path: '^src/$1/$2/index[.]ts$' },
    },
    {
      name: 'direction:kernel',
      comment: 'The kernel is pure and imports no other folder of src.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: test },
      to: { path: '^src/', pathNot: '^src/kernel/' },
    },
    {
      name: 'direction:platform',
      comment: 'The platform does not depend on any room: it imports the kernel and itself.',
      severity: 'error',
      from: { path: '^src/platform/', pathNot: test },
      to: { path: '^src/', pathNot: '^src/(?:kernel|platform)/' },
    },
    {
      name: 'pure-tests',
      comment: 'A test next to the code that opens a database is named x.db.test.ts: others do not run on a server.',
      severity: 'error',
      from: { path: '^(?:src|ui|tools)/.*(?<![.]db)[.]test[.]ts$' },
      to: { path: '^test/support/database[.]ts$', reachable: true },
    },
    {
      name: 'direction:stripe-emulator',
      comment: 'The emulator stands for another company: it shares no code with the rooms and the platform.',
      severity: 'error',
      from: { path: '^src/stripe-emulator/', pathNot: test },
      to: { path: '^src/', pathNot: '^src/(?:kernel|stripe-emulator)/' },
    },
    {
      name: 'direction:stripe-emulator',
      comment: 'Commands, the simulated business and tests start the emulator.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(?:commands|simulate|stripe-emulator)/', test] },
      to: { path: '^src/stripe-emulator/' },
    },
    {
      name: 'no-cycles',
      comment: 'No cycle of values; types may refer to each other within a room.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['require'] } },
    },
    {
      name: 'resolvable',
      comment: 'Every import resolves.',
      severity: 'error',
      from: { path: '^(?:src|test|bench|tools|examples)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'product-only',
      comment: 'What ships needs neither tests, tools nor development packages; the demo runs the sample application.',
      severity: 'error',
      from: { path: '^src/', pathNot: [test, '^src/commands/demo[.]ts$'] },
      to: { path: '^(?:test|tools|bench|examples)/', dependencyTypesNot: ['require'] },
    },
    {
      name: 'product-only',
      comment: 'What ships needs neither tests, tools nor development packages.',
      severity: 'error',
      from: { path: '^src/', pathNot: test },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^ui/client/' },
    parser: 'acorn',
    tsPreCompilationDeps: false,
    enhancedResolveOptions: {
      conditionNames: ['node', 'import', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
