import { Type } from 'typebox';
import type { ConnectionCheck } from '#gateway';
import type { FieldMessages } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { defaultPaths } from './rule-patterns.ts';
import { type SetUpFacts, setUpSteps } from './steps.ts';

const Choice = Type.Object({ value: Type.String(), label: Type.String() });
const StepView = Type.Object({
  name: Type.String(),
  number: Type.Integer(),
  state: Type.Enum(['done', 'current', 'later']),
});
const Form = Type.Object({
  title: Type.String(),
  email: Type.String(),
  plan_title: Type.String(),
  price: Type.String(),
  unit: Type.String(),
  period_type: Type.String(),
  entry_point: Type.String(),
  pattern: Type.String(),
  path: Type.String(),
  plan: Type.String(),
});

const fresh: SetUpFacts = {
  title: 'Tollgate',
  email: 'operator@tollgate.localhost',
  default_title: 'Tollgate',
  default_email: 'operator@tollgate.localhost',
  entry_point: null,
  forwarded_path: null,
  session_key_at: null,
  plan_title: null,
};
const complete: SetUpFacts = {
  ...fresh,
  title: 'Coworking Space',
  email: 'support@cowork.example.com',
  entry_point: 'http://127.0.0.1:8001/',
  forwarded_path: '/app/{profile}/',
  session_key_at: new Date('2026-03-05T10:00:00Z'),
  plan_title: 'Basic',
};

function sampleOf(facts: SetUpFacts, open_step: string) {
  const steps = setUpSteps(facts);
  return {
    profile: { slug: 'cowork', printable_name: facts.title },
    can_change: true,
    steps: Object.fromEntries(steps.map((step) => [step.name, step])),
    done_count: steps.filter(({ state }) => state === 'done').length,
    step_count: steps.length,
    open_step,
    facts,
    form: {
      title: facts.title,
      email: facts.email,
      plan_title: '',
      price: '',
      unit: 'usd',
      period_type: 'monthly',
      entry_point: facts.entry_point ?? '',
      pattern: 'subscribers',
      path: '',
      plan: '',
    },
    default_paths: defaultPaths,
    plans: [{ value: 'basic', label: 'Basic' }],
    currencies: [{ value: 'usd', label: 'USD' }],
    periods: [{ value: 'monthly', label: 'per month' }],
    private_addresses_allowed: false,
    check: null,
    session_key: null,
    samples: [{ language: 'TypeScript', file: 'node.ts', code: 'const session = await readSession(header);' }],
    errors: {},
    detail: '',
  };
}

/** The steps of setting up a site. */
export const setUpPage = definePage(
  'setup/index.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    can_change: Type.Boolean(),
    steps: Type.Record(Type.String(), StepView),
    done_count: Type.Integer(),
    step_count: Type.Integer(),
    /** Name of the step that is unfolded; empty when none is. */
    open_step: Type.String(),
    facts: Type.Unsafe<SetUpFacts>(Type.Object({})),
    form: Form,
    default_paths: Type.Object({ subscribers: Type.String(), signed_in: Type.String(), public: Type.String() }),
    plans: Type.Array(Choice),
    currencies: Type.Array(Choice),
    periods: Type.Array(Choice),
    private_addresses_allowed: Type.Boolean(),
    check: Type.Unsafe<ConnectionCheck | null>(Type.Union([Type.Object({ kind: Type.String() }), Type.Null()])),
    /** Shown in the response to its rotation only. */
    session_key: NullableString,
    samples: Type.Array(Type.Object({ language: Type.String(), file: Type.String(), code: Type.String() })),
    errors: Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String()))),
    detail: Type.String(),
  }),
  {
    typical: sampleOf(fresh, 'name'),
    complete: sampleOf(complete, ''),
    contributor: { ...sampleOf(complete, ''), can_change: false },
    connected: {
      ...sampleOf(complete, 'application'),
      check: { kind: 'answered', status: 200, duration_ms: 12 },
    },
    not_connected: {
      ...sampleOf(complete, 'application'),
      check: { kind: 'failed', reason: 'No response arrived within 5 seconds.' },
    },
    key: { ...sampleOf(complete, 'key'), session_key: 'Yk3vP' },
    error: { ...sampleOf(fresh, 'rule'), errors: { pattern: ['Choose who may open your application.'] } },
  },
);
