import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AccessRuleId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import { type EditConflict, findEditConflict, sentVersion, shownVersion } from '#platform/pages/forms/edit-version';
import type { Refusal } from '#platform/pages/forms/form';
import { UNDO_S } from '#platform/pages/undo/offer-undo';
import { gatewayProblems } from '../problems.ts';
import { createRule, deleteRule, editedFields, ruleDeletionUndo, type StoredRule, updateRule } from '../rules/index.ts';
import { allowOf, ruleFields, ruleForm, ruleFormContext } from './rule-form.ts';
import { loadRules, type RuleNames } from './rule-names.ts';
import { rulePage } from './rule-page-types.ts';
import { describeRule } from './rule-words.ts';

const config = {
  access: { kind: 'broker', manages: true },
  page: true,
  problems: [gatewayProblems.rule_unknown],
} as const;
const params = Type.Object({ rule: Type.String({ maxLength: 20 }) });

type RuleRequest = FastifyRequest<{ Params: { rule: string } }>;

interface Shown {
  readonly rules: readonly StoredRule[];
  readonly names: RuleNames;
  /** Null for a new rule. */
  readonly rule: StoredRule | null;
}

/** Registers the pages that add, edit and delete an access rule. */
export function rulePages(app: App): void {
  newRulePages(app);
  editRulePages(app);
  deleteRulePages(app);
}

function newRulePages(app: App): void {
  const options = { config, schema: { hide: true } } as const;
  app.get('/proxy/rules/new/', options, async (request, reply) =>
    show(request, reply, { ...(await loadRules(request.ctx)), rule: null }),
  );
  app.post('/proxy/rules/new/', options, async (request, reply) => {
    const { ctx, body } = request;
    const shown = { ...(await loadRules(ctx)), rule: null };
    try {
      const input = ruleForm.read(body, ruleFormContext(shown.names, ctx.lang, null));
      const { path } = await createRule(ctx, {
        path: input.path,
        rank: rankAt(shown.rules, input.rank ?? 1),
        allow: allowOf(input, null),
        is_forward: input.treatment === 'forward',
        engaged: input.engaged,
      });
      return await reply.flash('success', `The rule for ${path} decides from now on.`).redirect(paths.rules(), 303);
    } catch (error) {
      return show(request, reply, shown, ruleForm.refuse(error, body));
    }
  });
}

/** Returns the rank of a position; after the last rule the one behind it. */
function rankAt(rules: readonly StoredRule[], position: number): number {
  return rules[position - 1]?.rank ?? (rules.at(-1)?.rank ?? 0) + 1;
}

function editRulePages(app: App): void {
  const options = { config, schema: { hide: true, params } } as const;
  app.get('/proxy/rules/:rule/', options, async (request: RuleRequest, reply) =>
    show(request, reply, await findShown(request)),
  );
  app.post('/proxy/rules/:rule/', options, async (request: RuleRequest, reply) => {
    const { ctx, body } = request;
    const shown = await findShown(request);
    try {
      const input = ruleForm.read(body, ruleFormContext(shown.names, ctx.lang, shown.rule));
      const { path } = await updateRule(
        ctx,
        shown.rule.path,
        { allow: allowOf(input, shown.rule), is_forward: input.treatment === 'forward', engaged: input.engaged },
        { path: input.path, version: sentVersion(body) },
      );
      return await reply.flash('success', `The rule for ${path} was saved.`).redirect(paths.rules(), 303);
    } catch (error) {
      return show(request, reply, shown, ruleForm.refuse(error, body), findEditConflict(error));
    }
  });
}

async function findShown({ ctx, params: { rule: id } }: RuleRequest): Promise<Shown & { rule: StoredRule }> {
  const loaded = await loadRules(ctx);
  const rule = loaded.rules.find((each) => each.id === Number(id));
  if (!rule) throw gatewayProblems.rule_unknown();
  return { ...loaded, rule };
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  { names, rule }: Shown,
  refusal: Refusal | null = null,
  conflict: EditConflict | null = null,
): Promise<FastifyReply> {
  const context = ruleFormContext(names, request.ctx.lang, rule);
  const values = rule === null ? { op: '1', treatment: 'forward' as const } : ruleFields(rule);
  return reply.page(
    rulePage,
    {
      rule: rule && { path: rule.path, delete_url: paths.deleteRule(rule.id) },
      ...ruleForm.view(values, context, refusal),
      ...(conflict === null ? {} : { detail: '' }),
      edit_version:
        rule === null
          ? ''
          : shownVersion({ body: request.body, is_kept: refusal !== null && conflict === null }, editedFields(rule)),
      conflict:
        refusal && viewConflict(ruleForm, { conflict: conflict && formNames(conflict), values, refusal }, context),
    },
    refusal?.status ?? 200,
  );
}

/** Fields of the form by the members of a rule that they edit. */
const fields_of: Readonly<Record<string, readonly string[]>> = {
  allow: ['op', 'plan', 'role', 'agreement', 'profile'],
  is_forward: ['treatment'],
};

function formNames({ names }: EditConflict): EditConflict {
  return { names: names.flatMap((name) => fields_of[name] ?? [name]) };
}

function deleteRulePages(app: App): void {
  const options = { config, schema: { hide: true, params } } as const;
  app.get('/proxy/rules/:rule/delete/', options, async (request: RuleRequest, reply) =>
    showDeletion(reply, await findShown(request)),
  );
  app.post('/proxy/rules/:rule/delete/', options, async (request: RuleRequest, reply) => {
    const shown = await findShown(request);
    try {
      const undo = await deleteRule(request.ctx, shown.rule.path, ruleDeletionUndo);
      const text = `The rule for ${shown.rule.path} was deleted.`;
      return await reply.flash('success', text, undo === null ? {} : { undo }).redirect(paths.rules(), 303);
    } catch (error) {
      const { status, detail } = problemToForm(error);
      return showDeletion(reply, shown, status, detail);
    }
  });
}

async function showDeletion(
  reply: FastifyReply,
  { rule, names }: Shown & { rule: StoredRule },
  status = 200,
  detail = '',
): Promise<FastifyReply> {
  const { who } = describeRule(rule, names);
  const confirm = {
    title: 'Delete the rule',
    subject: rule.path,
    effect: [
      { label: 'Who gets in by this rule', value: who },
      { label: 'Requests for this path', value: 'go to the next rule that matches' },
      { label: 'If no rule matches', value: 'all requests are refused' },
    ],
    undo: `You can undo this for ${UNDO_S} seconds.`,
    keep_label: 'Keep the rule',
    keep_url: paths.rules(),
    action_label: 'Delete the rule',
    hidden: [],
    typed_name: null,
  };
  return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail }, status);
}

/** Reads the id of a rule from a posted form; -1, which no rule has, when it is none. */
export function ruleIdField(body: unknown): AccessRuleId {
  const text = textField(body, 'rule', 15);
  return (/^[0-9]+$/.test(text) ? Number(text) : -1) as AccessRuleId; // the verb looks it up
}
