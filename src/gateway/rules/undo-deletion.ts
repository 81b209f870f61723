import { paths } from '#platform/http/paths';
import { undoProblems } from '#platform/pages/undo/problems';
import { defineUndo } from '#platform/pages/undo/undo-type';
import { lockSite, touchSite } from '#platform/site';
import { parseAllow } from './allow.ts';
import { DeletedRule } from './deleted-rule.ts';
import { findRule, findRules, insertRule, shiftRanks } from './rule-store.ts';

/**
 * Restores a deleted rule at its former rank; the rules from there on move down by one.
 *
 * Locks: the row of the site. Refused when there is a rule with the path by now.
 */
export const ruleDeletionUndo = defineUndo(DeletedRule, {
  kind: 'access-rule',
  access: { kind: 'broker' },
  params: () => ({}),
  async undo(ctx, tx, { rank, path, allow: text, is_forward, engaged }) {
    const site_id = ctx.site.id;
    await lockSite(tx, site_id);
    const allow = parseAllow(text);
    if (typeof allow === 'string' || (await findRule(tx, site_id, path))) throw undoProblems.undo_refused();
    const rules = await findRules(tx, site_id);
    if (rules.some((rule) => rule.rank === rank)) await shiftRanks(tx, site_id, { first: rank, last: null }, 1);
    await insertRule(tx, site_id, { rank, path, allow, is_forward, engaged });
    await touchSite(tx, site_id);
    return { text: `The rule for ${path} decides again.`, location: paths.rules() };
  },
});
