/** Facts of the site that decide which steps are done. */
export interface SetUpFacts {
  title: string;
  email: string;
  /** Title and address of a site for which no setting names them. */
  default_title: string;
  default_email: string;
  entry_point: string | null;
  /** Path of the first rule that forwards requests, or null. */
  forwarded_path: string | null;
  session_key_at: Date | null;
  /** Title of a plan of the broker, or null. */
  plan_title: string | null;
}

export const stepNames = ['name', 'plan', 'application', 'rule', 'key'] as const;
export type StepName = (typeof stepNames)[number];

export interface Step {
  name: StepName;
  number: number;
  state: 'done' | 'current' | 'later';
}

/** Returns the steps in order; the first one that is not done is the current one. */
export function setUpSteps(facts: SetUpFacts): Step[] {
  const done: Record<StepName, boolean> = {
    name: facts.title !== facts.default_title && facts.email !== facts.default_email,
    plan: facts.plan_title !== null,
    application: facts.entry_point !== null,
    rule: facts.forwarded_path !== null,
    key: facts.session_key_at !== null,
  };
  const current = stepNames.find((name) => !done[name]);
  return stepNames.map((name, index) => ({
    name,
    number: index + 1,
    state: done[name] ? 'done' : name === current ? 'current' : 'later',
  }));
}
