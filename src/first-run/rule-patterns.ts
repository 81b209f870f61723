import { invalidInput } from '#kernel/problem';

/** The access rules that the set-up page offers, by who may open the application. */
export const rulePatterns = ['subscribers', 'signed_in', 'public'] as const;
export type RulePattern = (typeof rulePatterns)[number];

export interface RuleChoice {
  pattern: string;
  /** Path of the rule; the default of the pattern when empty. */
  path: string;
  /** Slug of a plan, or empty for any plan. */
  plan: string;
}

export interface ChosenRule {
  path: string;
  /** Value of `allow` in POST /api/proxy/rules. */
  allow: string;
  is_forward: true;
}

export const defaultPaths: Readonly<Record<RulePattern, string>> = {
  subscribers: '/app/{profile}/',
  signed_in: '/app/',
  public: '/',
};

/**
 * Returns the rule of a pattern: operator 15 requires a paid subscription, 1 a signed-in user, 0 nothing.
 * @throws invalid_input (400) naming `pattern`
 */
export function chooseRule({ pattern, path, plan }: RuleChoice): ChosenRule {
  if (!isPattern(pattern)) throw invalidInput({ pattern: ['Choose who may open your application.'] });
  const chosen = { path: path === '' ? defaultPaths[pattern] : path, is_forward: true } as const;
  switch (pattern) {
    case 'subscribers':
      return { ...chosen, allow: plan === '' ? '15' : `15/${JSON.stringify({ plan })}` };
    case 'signed_in':
      return { ...chosen, allow: '1' };
    case 'public':
      return { ...chosen, allow: '0' };
  }
}

function isPattern(text: string): text is RulePattern {
  return rulePatterns.some((pattern) => pattern === text);
}
