import { sql } from 'kysely';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '../check.ts';
import type { Checkpoint } from './checkpoint.ts';

/**
 * Returns the rules of the hash chain. With a checkpoint, the hashes of events up to that seal and of the seals before
 * it are not computed again.
 * @see docs/decisions/0069-ledger-hash-chain.md
 */
export function chainChecks(from: Checkpoint | null): readonly LedgerCheck[] {
  return [
    ...(from === null ? [allHashesCheck] : [checkpointCheck(from), hashesAfterCheck(from.seal_id)]),
    ...membershipChecks,
    ...sealChecks(from?.seal_id ?? 0),
  ];
}

const HASH_RULE = 'the hash of an event is that of its rows';
const sha256 = (text: string) => sql`sha256(convert_to(${sql.ref(text)}, 'UTF8'))`;

/** In one pass over both tables, in the order of the ids. */
const allHashesCheck = defineCheck(
  HASH_RULE,
  sql<Finding>`select 'event ' || ledger_event_id as "where", 'another row, or another hash, was posted' as detail
    from ledger_event_hashes hashed left join ledger_event_texts texts using (ledger_event_id)
    where version <> 1 or ${sha256('texts.text')} is distinct from hash order by ledger_event_id limit ${FINDINGS_MAX}`,
);

const hashesAfterCheck = (seal_id: number) =>
  defineCheck(
    HASH_RULE,
    sql<Finding>`select 'event ' || hashed.ledger_event_id as "where", 'another row, or another hash, was posted' as detail
      from (
        select unnest(event_ids) as ledger_event_id from ledger_seals where id > ${seal_id}
        union all select ledger_event_id from ledger_unsealed_events
      ) wanted join ledger_event_hashes hashed using (ledger_event_id)
      left join lateral (
        select text from ledger_event_texts texts where texts.ledger_event_id = wanted.ledger_event_id
      ) texts on true
      where version <> 1 or ${sha256('texts.text')} is distinct from hash
      order by hashed.ledger_event_id limit ${FINDINGS_MAX}`,
  );

const checkpointCheck = ({ seal_id, hash }: Checkpoint) =>
  defineCheck(
    'the checkpoint is a seal of the chain',
    sql<Finding>`select 'seal ' || ${seal_id}::bigint as "where",
        case when hash is null then 'there is no such seal' else 'its hash is ' || encode(hash, 'hex') end as detail
      from (select ${seal_id}::bigint as id) wanted left join ledger_seals seal using (id)
      where seal.hash is null or encode(seal.hash, 'hex') <> coalesce(${hash}::text, encode(seal.hash, 'hex'))`,
  );

const membershipChecks: readonly LedgerCheck[] = [
  defineCheck(
    'an event has a hash, and a hash has an event',
    sql<Finding>`select 'event ' || ledger_event_id as "where",
        case when key is null then 'a hash without an event' else format('%s has no hash', key) end as detail
      from (select id as ledger_event_id, key from ledger_events) event
      full join ledger_event_hashes hashed using (ledger_event_id)
      where key is null or hashed.hash is null order by ledger_event_id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'a hash is in one seal, or waits for one',
    sql<Finding>`select 'event ' || ledger_event_id as "where",
        format('in %s seals and %s times in the queue%s', count(seal_id), count(*) filter (where is_waiting),
          case when bool_or(is_hash) then '' else ', without a hash' end) as detail
      from (
        select ledger_event_id, null::bigint as seal_id, false as is_waiting, true as is_hash from ledger_event_hashes
        union all select unnest(event_ids), id, false, false from ledger_seals
        union all select ledger_event_id, null, true, false from ledger_unsealed_events
      ) place
      group by ledger_event_id
      having count(*) filter (where is_hash) <> 1 or count(*) filter (where not is_hash) <> 1
      order by ledger_event_id limit ${FINDINGS_MAX}`,
  ),
];

const sealChecks = (after_id: number): readonly LedgerCheck[] => [
  defineCheck(
    'a seal follows the seal before it',
    sql<Finding>`select 'seal ' || id as "where",
        case when id <> place then 'a seal before it is missing' else 'the hash before it is another' end as detail
      from (
        select id, previous_hash, row_number() over seals as place,
          coalesce(lag(hash) over seals, decode(repeat('00', 32), 'hex')) as before
        from ledger_seals window seals as (order by id)
      ) seal
      where id <> place or previous_hash <> before order by id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the hash of a seal is that of its events',
    sql<Finding>`select 'seal ' || id as "where", 'an event, its hash or the seal was changed' as detail
      from ledger_seals
      where id > ${after_id} and hash <> sha256(convert_to(ledger_seal_text(id, sealed_at, event_ids, previous_hash), 'UTF8'))
      order by id limit ${FINDINGS_MAX}`,
  ),
];
