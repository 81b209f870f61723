import { sql } from 'kysely';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '../check.ts';

/**
 * Rules of documents that `tollgate ledger verify` checks.
 * @see docs/decisions/0071-documents-with-gapless-numbers.md
 */
export const documentChecks: readonly LedgerCheck[] = [
  defineCheck(
    'the numbers of a provider, a series and a year have no gap',
    sql<Finding>`select format('provider %s, %s %s', provider_id, series, year) as "where",
        format('%s documents, the highest number is %s, the counter %s', rows_count, coalesce(highest, 0),
          coalesce(last_serial, 0)) as detail
      from (
        select provider_id, series, year, count(*) as rows_count, max(serial) as highest
        from documents group by provider_id, series, year
      ) issued full join document_counters counter using (provider_id, series, year)
      where (rows_count, highest) is distinct from (last_serial::bigint, last_serial)
      order by provider_id, series, year limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the lines of a document add up to its amount',
    sql<Finding>`select format('document %s of provider %s', number, provider_id) as "where",
        format('%s, the lines add up to %s', amount, coalesce(lines.amount_sum, 0)) as detail
      from documents left join (
        select document_id, sum(amount) as amount_sum from document_lines group by document_id
      ) lines on document_id = documents.id
      where amount is distinct from amount_sum order by documents.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'a line of an invoice is an entry of its event, with its amount',
    sql<Finding>`select format('document %s of provider %s, line %s', number, provider_id, line.rank) as "where",
        format('%s %s, the entry %s has %s %s', line.amount, unit, entry.id, entry.dest_amount, entry.dest_unit) as detail
      from document_lines line join documents on documents.id = document_id
        join ledger_entries entry on entry.id = line.ledger_entry_id
      where series = 'invoice' and (entry.ledger_event_id, entry.orig_profile_id, entry.dest_amount, entry.dest_unit)
        is distinct from (documents.ledger_event_id, provider_id, line.amount, unit)
      order by document_id, line.rank limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the credit notes of an invoice are at most its amount',
    sql<Finding>`select format('document %s of provider %s', invoice.number, invoice.provider_id) as "where",
        format('%s %s, its credit notes are %s', invoice.amount, invoice.unit, notes.amount_sum) as detail
      from documents invoice join (
        select invoice_id, sum(amount) as amount_sum from documents where invoice_id is not null group by invoice_id
      ) notes on notes.invoice_id = invoice.id
      where amount_sum > amount order by invoice.id limit ${FINDINGS_MAX}`,
  ),
];
