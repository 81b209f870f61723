import type { KnownCaller } from '../callers/index.ts';
import type { Denial } from '../rules/index.ts';
import type { RuleNames } from './rule-names.ts';

/** Facts that a sentence names before it counts the others. */
const NAMED_MAX = 5;

/** Returns the reason of a refusal, and the facts about the caller on which it depends. Pure. */
export function explainDenial(
  denial: Denial,
  names: RuleNames,
  caller: KnownCaller | null,
): { text: string; note: string | null } {
  switch (denial.kind) {
    case 'credentials_required':
      return { text: 'The person is not signed in', note: null };
    case 'password_required':
      return { text: 'The account has no password', note: null };
    case 'otp_required':
      return { text: 'A role requires a second factor, and none is set up', note: null };
    case 'agreement_required': {
      const title = names.agreements.get(denial.agreement) ?? denial.agreement;
      return { text: `The present version of ${title} is not accepted`, note: null };
    }
    case 'role_required':
      return { text: 'None of the roles counts here', note: rolesOf(caller, names) };
    case 'subscription_required': {
      const plan = denial.plan === null ? 'a plan of the rule' : (names.plans.get(denial.plan) ?? denial.plan);
      return { text: `No subscription to ${plan}`, note: subscriptionsOf(caller, names) };
    }
    case 'payment_required': {
      const plan = names.plans.get(denial.plan) ?? denial.plan;
      return { text: `The subscription of ${denial.profile} to ${plan} has an amount due`, note: null };
    }
    case 'profile_unknown':
      return { text: 'There is no profile with the name that the path or the rule gives', note: null };
    case 'plan_unknown':
      return { text: 'There is no plan with the name that the rule gives', note: null };
  }
}

function rolesOf(caller: KnownCaller | null, names: RuleNames): string {
  const held = (caller?.roles ?? []).map(({ role, profile }) => `${names.roles.get(role) ?? role} of ${profile}`);
  return held.length === 0 ? 'No role on any profile.' : `Roles: ${listed(held)}.`;
}

function subscriptionsOf(caller: KnownCaller | null, names: RuleNames): string {
  const profiles = [...new Set((caller?.roles ?? []).map(({ profile }) => profile))];
  if (profiles.length === 0) return 'No role on any profile.';
  const subscriptions = caller?.subscriptions ?? [];
  const each = profiles.map((profile) => {
    const plans = subscriptions
      .filter((subscription) => subscription.profile === profile)
      .map(({ plan, ends_at }) => `${names.plans.get(plan) ?? plan} until ${ends_at.toISOString().slice(0, 10)}`);
    return `${profile}, ${plans.length === 0 ? 'no plan' : listed(plans)}`;
  });
  return `Profiles: ${listed(each)}.`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - NAMED_MAX;
  return [...texts.slice(0, NAMED_MAX), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
