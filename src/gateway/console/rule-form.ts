import { choice, optional, text } from '#platform/pages/forms/fields';
import { wholeNumber } from '#platform/pages/forms/number-fields';
import type { Choice, FormContext } from '#platform/pages/forms/field';
import { defineForm, type FormInput } from '#platform/pages/forms/form';
import { type AccessRule, type AllowValue, operators } from '../rules/index.ts';
import { paramsOf, type RuleNames } from './rule-names.ts';

/** Operators in the order of the form: the common ones first. */
const op_labels: readonly (readonly [op: number, label: string])[] = [
  [0, 'Everybody'],
  [1, 'People who are signed in'],
  [15, 'Subscribers of a plan'],
  [16, 'Subscribers of a plan, now or in the past'],
  [2, 'People who accepted an agreement'],
  [17, 'People with a password, and a second factor where a role requires one'],
  [5, 'Managers of the profile'],
  [4, 'Managers and a role of the profile'],
  [3, 'Managers and a role of the profile; the role may only read'],
  [8, 'Managers of the profile or of its provider'],
  [7, 'Managers and a role of the profile or of its provider'],
  [6, 'Managers and a role of the profile or of its provider; the role may only read'],
  [18, 'Managers and a role of the profile; its providers and the role may only read'],
  [11, 'Managers of a provider of the profile'],
  [10, 'Managers and a role of a provider of the profile'],
  [9, 'Managers and a role of a provider of the profile; the role may only read'],
  [14, 'The user in the path, and managers of a profile of that user'],
  [13, 'The user in the path, and managers and a role of a profile of that user'],
  [12, 'The user in the path, and managers and a role of a profile of that user; the role may only read'],
];

export const ruleForm = defineForm({
  path: text({
    label: 'Path',
    length_max: 255,
    help: 'Start of the addresses that the rule decides about, such as /reports/. {profile} stands for any profile.',
  }),
  op: choice({ label: 'Who gets in', choices: op_labels.map(([op, label]) => ({ value: String(op), label })) }),
  plan: optional(choice<string>({ label: 'Plan', help: 'For subscribers.' })),
  role: optional(choice<string>({ label: 'Role', help: 'For rules that name a role.' })),
  agreement: optional(choice<string>({ label: 'Agreement', help: 'For people who accepted an agreement.' })),
  profile: text({
    label: 'Profile',
    optional: true,
    length_max: 150,
    help: 'Short name of one profile. When empty, the profile in the path counts; when the path has none, your own.',
  }),
  treatment: choice({
    label: 'Then',
    choices: [
      { value: 'forward', label: 'Forward to the application', note: 'With the session of the user.' },
      { value: 'local', label: 'Answer here', note: 'With a page of the theme.' },
    ],
  }),
  engaged: text({
    label: 'Count visits as',
    optional: true,
    length_max: 50,
    help: 'Tags separated by commas. When empty, visits are not counted.',
  }),
  rank: optional(
    wholeNumber({ label: 'Position', min: 1, max: 1_000_000, help: 'The first rule that matches a path decides.' }),
  ),
});
export type RuleFormInput = FormInput<typeof ruleForm.fields>;

/** Parameter of the operator by the field that edits it. */
const param_fields = { plan: 'plan', roledescription: 'role', agreement: 'agreement', profile: 'profile' } as const;
type ParamField = (typeof param_fields)[keyof typeof param_fields];

/** Returns the choices of the form; values that the rule stores are among them. */
export function ruleFormContext(names: RuleNames, locale: string, rule: AccessRule | null): FormContext {
  const offer = (titles: ReadonlyMap<string, string>, param: string): Choice[] => {
    const stored = rule === null ? [] : paramsOf(rule, param);
    const all = [...titles].map(([value, label]) => ({ value, label }));
    const text_stored = joined(stored);
    const label = stored.map((slug) => titles.get(slug) ?? slug).join(' or ');
    return stored.length === 0 || titles.has(text_stored) ? all : [...all, { value: text_stored, label }];
  };
  return {
    locale,
    timezone: 'UTC',
    choices: {
      plan: offer(names.plans, 'plan'),
      role: offer(names.roles, 'roledescription'),
      agreement: offer(names.agreements, 'agreement'),
    },
  };
}

/** Returns the fields of a rule. */
export function ruleFields(rule: AccessRule): Partial<RuleFormInput> {
  const field = (param: string) => joined(paramsOf(rule, param));
  return {
    path: rule.path,
    op: String(rule.allow.op),
    plan: field('plan') || null,
    role: field('roledescription') || null,
    agreement: field('agreement') || null,
    profile: field('profile'),
    treatment: rule.is_forward ? 'forward' : 'local',
    engaged: rule.engaged,
    rank: null,
  };
}

/**
 * Returns the operator of the form as the API takes it. Parameters without a field (`user`, `brokers`) stay as long as
 * the operator stays.
 */
export function allowOf(input: RuleFormInput, stored: AccessRule | null): string {
  const op = Number(input.op);
  const kept = stored?.allow.op === op ? (stored.allow.params ?? {}) : {};
  const params: Record<string, AllowValue> = {};
  for (const name of Object.keys(operators[op]?.params ?? {})) {
    const field = Object.hasOwn(param_fields, name) ? param_fields[name as keyof typeof param_fields] : null;
    params[name] = field === null ? (kept[name] ?? null) : split(input, field);
  }
  return Object.values(params).every((value) => value === null) ? String(op) : `${op}/${JSON.stringify(params)}`;
}

function split(input: RuleFormInput, field: ParamField): AllowValue {
  const slugs = (input[field] ?? '').split(',').flatMap((part) => part.trim() || []);
  return slugs.length > 1 ? slugs : (slugs[0] ?? null);
}

function joined(slugs: readonly string[]): string {
  return slugs.join(', ');
}
