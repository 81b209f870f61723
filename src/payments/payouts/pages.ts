import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Money } from '#kernel/money';
import { humanizeSums } from '#platform/templates/humanize-money';
import type { ListQuery } from '#kernel/page';
import { commonProblems } from '#kernel/problem';
import {
  accounts,
  type BalancePage,
  findBalance,
  isSameSubject,
  listReceivables,
  listTransfers,
  type PresentedTransaction,
} from '#ledger';
import type { App } from '#platform/http/app';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { type AskedList, askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { findProfileById, type Profile, profileName } from '#profiles';
import { type ChargedLine, findChargedLines } from '../records/index.ts';
import { subjectId } from '../subject-id.ts';
import { receivablesList, transfersList, transfersPage } from './page-types.ts';

type View = (typeof transfersPage)['samples']['typical'];
type Row = View['rows'][number];

const kinds = {
  transfers: {
    declaration: transfersList,
    list: listTransfers,
    download: paths.transfersDownload,
    empty: {
      title: 'Payments, refunds and payouts will be listed here',
      text: 'No money has reached your funds yet.',
    },
  },
  receivables: {
    declaration: receivablesList,
    list: listReceivables,
    download: paths.receivablesDownload,
    empty: { title: 'Sales will be listed here', text: 'No plan was sold yet.' },
  },
} as const;
type Kind = keyof typeof kinds;

/** Pages of the funds of a provider and of its sales. */
export function payoutPages(app: App): void {
  const config = { access: { kind: 'direct' }, page: true } as const;
  const schema = { hide: true, params: Type.Object({ profile: Type.String() }) } as const;
  for (const kind of ['transfers', 'receivables'] as const) {
    app.get(`/billing/:profile/${kind}/`, { config, schema }, async (request, reply) =>
      reply.page(transfersPage, await viewTransfers(request, kind)),
    );
    app.get(`/billing/:profile/${kind}/download/`, { config, schema }, async (request, reply) => {
      const { ctx } = request;
      const profile = await readProfile(request);
      const asked = askList(request, kinds[kind].declaration, profile.default_timezone);
      const read = async (list: ListQuery) => {
        const page = await kinds[kind].list(ctx, profile.id, { list, url: request.listUrl });
        return { ...page, results: await nameRows(ctx.db, page.results, kind) };
      };
      return sendCsv(reply, csvOfPages(asked, { name: kind, columns, read }));
    });
  }
}

async function readProfile(request: FastifyRequest): Promise<Profile> {
  const profile = await findProfileById(request.ctx.db, subjectId(request));
  if (!profile) throw commonProblems.not_found();
  return profile;
}

async function viewTransfers(request: FastifyRequest, kind: Kind): Promise<View> {
  const { ctx, listUrl: url } = request;
  const profile = await readProfile(request);
  const { declaration, list: readList, download, empty } = kinds[kind];
  const asked: AskedList = askList(request, declaration, profile.default_timezone);
  const [page, funds] = await mergeReads(ctx.db, [
    (reader): Promise<BalancePage<PresentedTransaction>> =>
      readList(ctx, profile.id, { list: asked.list, url, reader }),
    (reader) => findBalance(reader, profile.id, accounts.funds),
  ]);
  const list = viewList(asked, {
    count: page.count,
    empty,
    total:
      page.count === 0 ? null : `${humanizeSums(page.balances, ctx.lang)} ${kind === 'transfers' ? 'net' : 'in total'}`,
    csv_path: download(profile.slug),
  });
  const rows = await nameRows(ctx.db, page.results, kind);
  const totals = kind === 'transfers' ? funds : page.balances;
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    is_funds: kind === 'transfers',
    totals: totals.length === 0 ? [{ amount: 0, unit: page.balance_unit }] : totals,
    transfers_url: paths.transfers(profile.slug),
    receivables_url: paths.receivables(profile.slug),
    import_url: request.subject.is_manager ? paths.importPayments(profile.slug) : null,
    adjustments_url: paths.adjustments(profile.slug),
    withdraw_url: request.subject.is_manager ? paths.withdraw(profile.slug) : null,
    rows: rows.map((row) => ({ ...row, href: row.href === null ? null : withNext(row.href, list.list_url) })),
    list,
  };
}

/** Names the line and the customer of each transaction that belongs to a charge. One statement. */
async function nameRows(reader: Reader, results: readonly PresentedTransaction[], kind: Kind): Promise<Row[]> {
  const keys = results.flatMap(({ receipt_key }) => receipt_key ?? []);
  const charged = await findChargedLines(reader, keys);
  return results.map((transaction): Row => {
    const own = charged.filter(({ processor_key }) => processor_key === transaction.receipt_key);
    const money = moneyOf(transaction, kind);
    const [counterpart, customer] = transaction.is_debit
      ? [transaction.dest_profile, transaction.orig_profile]
      : [transaction.orig_profile, transaction.dest_profile];
    return {
      created_at: transaction.created_at,
      kind: kind === 'receivables' ? (transaction.is_debit ? 'Sale taken back' : 'Sale') : kindOf(transaction),
      description: lineOf(transaction, own)?.title || transaction.text,
      who: kind === 'receivables' ? customer.printable_name : (own[0]?.customer_name ?? counterpart.printable_name),
      money,
      href: transaction.location,
    };
  });
}

/** The line that a transaction is about; undefined for fees of the whole charge, and when it is not certain. */
function lineOf({ subject, text }: PresentedTransaction, own: readonly ChargedLine[]): ChargedLine | undefined {
  const refunded = own.find((line) => subject !== null && isSameSubject(line.refund_subject, subject));
  if (refunded !== undefined) return refunded;
  return own.length === 1 && text.includes('distribution') ? own[0] : undefined;
}

function moneyOf(transaction: PresentedTransaction, kind: Kind): Money {
  const { is_debit, orig_amount, orig_unit, dest_amount, dest_unit } = transaction;
  if (kind === 'receivables' && !is_debit) return { amount: orig_amount, unit: orig_unit };
  return is_debit ? { amount: -orig_amount, unit: orig_unit } : { amount: dest_amount, unit: dest_unit };
}

function kindOf({ is_debit, orig_account, dest_account }: PresentedTransaction): string {
  const other = is_debit ? dest_account : orig_account;
  switch (other) {
    case accounts.refund:
      return is_debit ? 'Refund' : 'Refund returned';
    case accounts.chargeback:
      return is_debit ? 'Dispute' : 'Dispute won';
    case accounts.withdraw:
      return is_debit ? 'Payout' : 'Payout returned';
    case accounts.offline:
      return 'Paid elsewhere';
    case accounts.liability:
      return 'Paid elsewhere';
    default:
      return is_debit ? 'Sent' : 'Payment';
  }
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Row>[] = [
  { heading: 'Created at', kind: 'day', value: (row) => new Date(row.created_at) },
  { heading: 'Amount', kind: 'decimal', value: (row) => row.money.amount },
  { heading: 'Unit', kind: 'text', value: (row) => row.money.unit },
  { heading: 'Description', kind: 'text', value: (row) => `${row.kind}: ${row.description}` },
  { heading: 'Full name', kind: 'text', value: (row) => row.who ?? '' },
];
