import { Type } from 'typebox';
import type { AccessRuleId } from '#platform/db/db-schema';
import { definePage } from '#platform/http/page-type';
import { invalidInput } from '#kernel/problem';
import { candidates_part, chooseOne } from '#platform/pages/forms/candidates';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { form_view } from '#platform/pages/forms/form';
import { Fact } from '#platform/pages/details/fact';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import type { StoredRule } from '../rules/index.ts';
import { presentRules, RuleRow } from './present-rules.ts';
import { ruleFields, ruleForm, ruleFormContext } from './rule-form.ts';
import type { RuleNames } from './rule-names.ts';
import { tryForm } from './try-form.ts';
import { Trial } from './try-path.ts';

const long_path = `/${'a-long-segment/'.repeat(16)}`;
const names: RuleNames = {
  plans: new Map([['premium', 'Premium']]),
  roles: new Map([
    ['manager', 'Manager'],
    ['contributor', 'Contributor'],
  ]),
  agreements: new Map([['terms-of-use', 'Terms of use']]),
  site: 'Coworking Space',
};

function sampleRule(rank: number, path: string, op: number, more: Partial<StoredRule> = {}): StoredRule {
  const id = rank as AccessRuleId;
  return { id, rank, path, allow: { op, params: null }, is_forward: true, engaged: '', ...more };
}

const rules = [
  sampleRule(1, '/reports/', 15, { allow: { op: 15, params: { plan: 'premium' } }, engaged: 'reports' }),
  sampleRule(2, '/app/{profile}/settings/', 5),
  sampleRule(3, '/app/', 1, { engaged: 'app' }),
  sampleRule(4, '/api/v1/', 15, { engaged: 'api' }),
  sampleRule(5, '/', 0, { is_forward: false }),
];
const reader = { locale: 'en', timezone: 'UTC' };
const asked = { path: '/reports/2026/q3', as: 'user', user: 'kenneth', method: 'GET' } as const;
const untried = {
  may_edit: true,
  ...tryForm.view({ as: 'user', method: 'GET' }, reader),
  candidates: {},
  trial: null,
};
const refused = {
  ...untried,
  ...tryForm.view(asked, reader),
  trial: {
    verdict: { label: 'Not let in', tone: 'danger', icon: 'x' },
    rule: { position: 1, path: '/reports/' },
    sentence: 'Kenneth Adams is sent to another page and comes back after it.',
    location: '/billing/cart/?plan=premium',
    steps: [
      { mark: 'good' as const, text: 'The path matches rule 1', note: '/reports/ is the start of /reports/2026/q3' },
      { mark: 'good' as const, text: 'Kenneth Adams is signed in', note: null },
      { mark: 'bad' as const, text: 'No subscription to Premium', note: 'Profiles: kenneth, no plan.' },
      { mark: 'none' as const, text: 'Rules 2 to 5 are not asked', note: null },
    ],
  },
};
const unknown = invalidInput({ user: ['No account has this name or address.'] });
const application = [
  { label: 'Address', value: 'https://app.internal.example:8001/' },
  { label: 'Session is sent as', value: 'A signed token in the Authorization header' },
  { label: 'Key', at: '2026-11-03T10:00:00.000Z' },
  { label: 'Other sites may call it', value: 'No' },
];
const shown = {
  rules: presentRules(rules, names, null),
  order_version: 'order:x',
  conflict: false,
  application,
};

/** The access rules in order, the application and the tester. */
export const rulesPage = definePage(
  'rules/app_dashboard.html',
  Type.Object({
    /** False for a caller who is no manager: the page shows no tester then. */
    may_edit: Type.Boolean(),
    rules: Type.Array(RuleRow),
    /** Version of the order, which each move sends. */
    order_version: Type.String(),
    /** True if a move was refused, because the order had changed. */
    conflict: Type.Boolean(),
    application: Type.Array(Fact),
    ...form_view,
    ...candidates_part,
    trial: Type.Union([Trial, Type.Null()]),
  }),
  {
    typical: { ...shown, ...refused },
    empty: { ...shown, ...untried, rules: [] },
    long: {
      ...shown,
      ...refused,
      trial: { ...refused.trial, sentence: longText, rule: { position: 1, path: long_path } },
      rules: presentRules(
        rules.map((rule) => ({ ...rule, path: long_path, engaged: unbrokenText.slice(0, 50) })),
        { ...names, plans: new Map([['premium', rightToLeftText]]) },
        null,
      ),
    },
    error: { ...shown, ...untried, ...tryForm.view({}, reader, tryForm.refuse(unknown, asked)) },
    candidates: {
      ...shown,
      ...untried,
      ...tryForm.view({}, reader, tryForm.refuse(chooseOne('user', 1), { ...asked, user: 'ken' })),
      candidates: { user: [{ value: 'kenneth', label: 'Kenneth Adams', note: 'kenneth' }] },
    },
    conflict: { ...shown, ...untried, conflict: true },
    no_permission: { ...shown, ...untried, may_edit: false },
  },
  { as: 'broker' },
);

const context = ruleFormContext(names, 'en', null);
const [first] = rules;
const values = first ? ruleFields(first) : {};

/** Form of a new or an existing rule. */
export const rulePage = definePage(
  'rules/rule.html',
  Type.Object({
    /** Path and addresses of an existing rule; null for a new one. */
    rule: Type.Union([Type.Null(), Type.Object({ path: Type.String(), delete_url: Type.String() })]),
    edit_version: Type.String(),
    conflict: ConflictView,
    ...form_view,
  }),
  {
    typical: {
      rule: { path: '/reports/', delete_url: '/proxy/rules/1/delete/' },
      edit_version: 'x:y',
      conflict: null,
      ...ruleForm.view(values, context),
    },
    new: { rule: null, edit_version: '', conflict: null, ...ruleForm.view({ treatment: 'forward' }, context) },
    error: {
      rule: null,
      edit_version: '',
      conflict: null,
      ...ruleForm.view({}, context, ruleForm.refuse(invalidInput({ path: ['This field is required.'] }), { op: '1' })),
    },
    conflict: {
      rule: { path: '/reports/', delete_url: '/proxy/rules/1/delete/' },
      edit_version: 'x:y',
      conflict: { by: '', changes: [{ label: 'Who gets in', now: 'Everybody', yours: 'People who are signed in' }] },
      ...ruleForm.view(values, context),
    },
  },
  { as: 'broker' },
);

export const rulePageTypes = [rulesPage, rulePage] as const;
