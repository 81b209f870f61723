import {
  boolean,
  defineEndpoint,
  defineList,
  defineRetrieve,
  emit,
  findOr404,
  free,
  hash,
  invalidRequest,
  mergeMetadata,
  metadata,
  pathId,
  text,
  unsettable,
  type Call,
  type Kind,
  type Param,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { evidence_fields, moveDispute, openPlanned, type Dispute } from './dispute.ts';

const evidence_params: Record<string, Param<unknown>> = Object.fromEntries(
  evidence_fields.map((name): [string, Param<unknown>] => [name, unsettable(text(20_000))]),
);
const update_spec = {
  evidence: hash({ ...evidence_params, enhanced_evidence: free() }),
  metadata: metadata(),
  submit: boolean(),
};
const CLOSED: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

/** Stores evidence and, unless `submit` is false, hands it in: the texts of Stripe's test mode decide at once. */
function updateDispute(call: Call, params: Values<typeof update_spec>): StoredObject {
  const dispute = findOr404(call, 'dispute', pathId(call)) as Dispute;
  const sent = Object.entries(params.evidence ?? {}).filter(([, value]) => value !== undefined);
  if (sent.length > 0 && CLOSED.has(dispute.status))
    throw invalidRequest(undefined, 'This dispute is closed: evidence cannot be changed.', 'evidence');
  const is_submitted = sent.length > 0 && params.submit !== false;
  const details = dispute.evidence_details;
  const kept = call.world.patch(dispute, {
    evidence: { ...dispute.evidence, ...Object.fromEntries(sent) },
    evidence_details: {
      ...details,
      has_evidence: details['has_evidence'] === true || sent.length > 0,
      submission_count: Number(details['submission_count']) + (is_submitted ? 1 : 0),
    },
    metadata: mergeMetadata(dispute.metadata, params.metadata),
  });
  if (!is_submitted) {
    emit(call, 'charge.dispute.updated', kept);
    return kept;
  }
  const text_sent = kept.evidence['uncategorized_text'];
  const is_inquiry = kept.status.startsWith('warning_');
  if (text_sent === 'winning_evidence') return moveDispute(call, kept, is_inquiry ? 'warning_closed' : 'won');
  if (text_sent === 'losing_evidence') return moveDispute(call, kept, 'lost');
  return moveDispute(call, kept, is_inquiry ? 'warning_under_review' : 'under_review');
}

function closeDispute(call: Call): StoredObject {
  const dispute = findOr404(call, 'dispute', pathId(call)) as Dispute;
  if (CLOSED.has(dispute.status)) throw invalidRequest(undefined, 'This dispute is already closed.');
  return moveDispute(call, dispute, 'lost');
}

export const disputes: Kind = {
  name: 'dispute',
  prefix: 'dp',
  expandable: ['charge', 'payment_intent'],
  tasks: { open_dispute: openPlanned },
  endpoints: [
    defineRetrieve('/v1/disputes/:id', 'dispute'),
    defineList('/v1/disputes', 'dispute', { charge: text(255), payment_intent: text(255) }),
    defineEndpoint('POST /v1/disputes/:id', update_spec, updateDispute),
    defineEndpoint('POST /v1/disputes/:id/close', {}, closeDispute),
  ],
};
