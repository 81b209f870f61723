import type { CardOutcome } from '../cards/index.ts';
import type { StoredObject } from '../engine/index.ts';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

export interface PaymentIntent extends StoredObject {
  readonly amount: number;
  readonly amount_received: number;
  readonly application_fee_amount: number | null;
  readonly capture_method: 'automatic' | 'automatic_async' | 'manual';
  readonly client_secret: string;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly latest_charge: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_method: string | null;
  readonly receipt_email: string | null;
  readonly setup_future_usage: 'off_session' | 'on_session' | null;
  readonly statement_descriptor_suffix: string | null;
  readonly status: IntentStatus;
  readonly $: IntentFacts;
}

/** Facts of an intent that no response shows. */
export interface IntentFacts {
  /** Address to which the page of 3-D Secure returns. */
  readonly return_url: string | null;
  /** Counts confirmations: the task of an earlier one changes nothing. */
  readonly round: number;
  readonly allow_redirects: 'always' | 'never';
  readonly is_three_d_secure_requested: boolean;
  readonly request?: CardOutcome['kind'];
}
