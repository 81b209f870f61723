import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { mail_kinds } from './mail-kinds.ts';
import { recipientRule } from './recipients.ts';

test('every e-mail template of the theme is described once and has a rule of recipients', () => {
  const templates = readdirSync('themes/default/templates/notification')
    .filter((name) => name.endsWith('.eml') && !name.startsWith('_') && name !== 'base.eml')
    .map((name) => name.replace(/\.eml$/, ''));
  assert.deepEqual(mail_kinds.map(({ slug }) => slug).toSorted(), templates.toSorted());
  for (const { slug } of mail_kinds) assert.ok(recipientRule(slug), slug);
});
