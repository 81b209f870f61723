import { type AccessRule, splitPattern } from '../rules/index.ts';
import { paramsOf, type RuleNames } from './rule-names.ts';

/** What a rule means to people. */
export interface RuleWords {
  /** Who gets in. */
  readonly who: string;
  /** What happens to the others; '' if there are none. */
  readonly others: string;
}

const refused = 'Others are refused.';

/** Describes the operator of a rule with its parameters. Pure. */
export function describeRule(rule: Pick<AccessRule, 'allow' | 'path'>, names: RuleNames): RuleWords {
  const { op } = rule.allow;
  const plan = titles(rule, 'plan', names.plans);
  const agreement = titles(rule, 'agreement', names.agreements) ?? names.agreements.get('terms-of-use') ?? 'the terms';
  switch (op) {
    case 0:
      return { who: 'Everybody', others: '' };
    case 1:
      return { who: 'People who are signed in', others: 'Others go to the sign-in page.' };
    case 2:
      return { who: `People who accepted ${agreement}`, others: 'Others go to the page where they accept it.' };
    case 15:
      return { who: `Subscribers of ${plan ?? 'any plan'}${onProfile(rule)}`, others: othersBuy(plan) };
    case 16:
      return {
        who: `Subscribers of ${plan ?? 'any plan'}${onProfile(rule)}, now or in the past`,
        others: othersBuy(plan),
      };
    case 17:
      return {
        who: 'People with a password, and a second factor where a role requires one',
        others: 'Others go to the page where they set it up.',
      };
    default:
      return { who: describeRole(rule, names), others: refused };
  }
}

function othersBuy(plan: string | null): string {
  return plan === null ? 'Others go to the price list.' : `Others go to the cart with ${plan} in it.`;
}

/** Operators that admit a named role in addition to managers, by what that role may do. */
const role_scope: Readonly<Record<number, 'all' | 'reads'>> = {
  3: 'reads',
  4: 'all',
  6: 'reads',
  7: 'all',
  9: 'reads',
  10: 'all',
  12: 'reads',
  13: 'all',
  18: 'reads',
};

function describeRole(rule: Pick<AccessRule, 'allow' | 'path'>, names: RuleNames): string {
  const { op } = rule.allow;
  const on = placeOf(rule, names);
  const scope = role_scope[op];
  const is_self = op >= 12 && op <= 14;
  const self = is_self ? `${userOf(rule)}, and ` : '';
  const managers = `${is_self ? 'managers' : 'Managers'} of ${on}`;
  const more = op === 18 ? '; its providers may read' : '';
  if (scope === undefined) return capital(`${self}${managers}`);
  const role = titles(rule, 'roledescription', names.roles) ?? names.roles.get('contributor') ?? 'Contributor';
  const reads = scope === 'reads' ? '; that role may only read' : '';
  return capital(`${self}${managers}, and people with the role ${role} there${reads}${more}`);
}

/** The profiles on which a role counts. Managers of the broker always get in. */
function placeOf(rule: Pick<AccessRule, 'allow' | 'path'>, names: RuleNames): string {
  const { op } = rule.allow;
  if (op >= 12 && op <= 14) return 'a profile of that user';
  const own = profileOf(rule) ?? names.site;
  const brokers = paramsOf(rule, 'brokers');
  const further = brokers.length === 0 ? '' : ` or of ${brokers.join(' or ')}`;
  if (op >= 6 && op <= 8) return `${own} or of a provider of it${further}`;
  if (op >= 9 && op <= 11) return `a provider of ${own}${further}`;
  return `${own}${further}`;
}

function onProfile(rule: Pick<AccessRule, 'allow' | 'path'>): string {
  const profile = profileOf(rule);
  return profile === null ? '' : ` with ${profile}`;
}

function profileOf(rule: Pick<AccessRule, 'allow' | 'path'>): string | null {
  const stored = paramsOf(rule, 'profile');
  if (stored.length > 0) return stored.join(' or ');
  return captures(rule.path, 'profile') ? 'the profile in the path' : null;
}

function userOf(rule: Pick<AccessRule, 'allow' | 'path'>): string {
  const stored = paramsOf(rule, 'user');
  if (stored.length > 0) return stored.join(' or ');
  return captures(rule.path, 'user') ? 'the user in the path' : 'the user (the path names none)';
}

/** True if a segment of the path is `{name}` or `:name`. */
export function captures(path: string, name: string): boolean {
  return splitPattern(path).some((segment) => segment === `{${name}}` || segment === `:${name}`);
}

function titles(rule: Pick<AccessRule, 'allow'>, name: string, of: ReadonlyMap<string, string>): string | null {
  const slugs = paramsOf(rule, name);
  return slugs.length === 0 ? null : slugs.map((slug) => of.get(slug) ?? slug).join(' or ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
