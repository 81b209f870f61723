import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSlug, slugify, withSuffix } from './slug.ts';

test('a title becomes a slug', () => {
  const cases: [string, string][] = [
    ['My Project', 'my-project'],
    ['Ünï çødé & Co.', 'uni-cde-co'],
    ['  --Hello,   World!--  ', 'hello-world'],
    ['snake_case stays', 'snake_case-stays'],
    ['日本', ''],
    ['ﬁne', 'fine'],
    ['a'.repeat(60), 'a'.repeat(50)],
    [`${'a'.repeat(49)} b`, 'a'.repeat(49)],
  ];
  for (const [title, slug] of cases) assert.equal(slugify(title), slug);
});

test('any title gives a slug or an empty text, and a slug stays unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (title) => {
      const slug = slugify(title);
      assert.ok(slug === '' || isSlug(slug));
      assert.equal(slugify(slug), slug);
    }),
  );
});

test('a suffix keeps a slug within its maximum length', () => {
  const hex = (digits: number) => '0123456789abcdef'.slice(0, digits);
  assert.equal(withSuffix('my-project', hex), 'my-project-0123456');
  assert.equal(withSuffix('a'.repeat(50), hex), `${'a'.repeat(42)}-0123456`);
  assert.equal(withSuffix('', hex), '0123456');
  assert.ok(!isSlug('a b') && !isSlug('') && !isSlug('a/b') && isSlug('Hi_3-a'));
});
