import { emit, planTask, type Context, type HIDDEN, type StoredObject } from '../engine/index.ts';

/** A hosted payment page. */
export interface Session extends StoredObject {
  readonly mode: 'payment' | 'setup';
  readonly status: 'open' | 'complete' | 'expired';
  readonly payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  readonly currency: string | null;
  readonly amount_total: number | null;
  readonly customer: string | null;
  readonly customer_email: string | null;
  readonly payment_intent: string | null;
  readonly setup_intent: string | null;
  readonly success_url: string;
  readonly cancel_url: string | null;
  readonly expires_at: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly [HIDDEN]: SessionFacts;
}

/** What a session needs when the buyer submits, and no response shows. */
export interface SessionFacts {
  readonly lines: readonly SessionLine[];
  readonly intent_data: Readonly<Record<string, unknown>>;
  readonly creates_customer: boolean;
}

export interface SessionLine {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_amount: number;
  readonly currency: string;
  readonly price: string;
  readonly product: string;
}

/** Stores a new session and plans its end. */
export function openSession(ctx: Context, session: Session): Session {
  ctx.world.insert(ctx.scope, session);
  planTask(ctx, 'expire_session', session.expires_at - ctx.world.now, { id: session.id });
  return session;
}

/** Completes the open session of an intent that succeeded. Emits `checkout.session.completed`. */
export function completeSessions(ctx: Context, intent: StoredObject): void {
  const field = intent.object === 'setup_intent' ? 'setup_intent' : 'payment_intent';
  if (intent['status'] !== 'succeeded' && intent['status'] !== 'requires_capture') return;
  const sessions = ctx.world.by(ctx.scope, 'checkout.session', field, intent.id) as Session[]; // rows of openSession
  for (const session of sessions.filter(({ status }) => status === 'open')) {
    const is_paid = session.mode === 'payment' && intent['status'] === 'succeeded';
    const unpaid = session.mode === 'payment' ? 'unpaid' : 'no_payment_required';
    const payment_status = is_paid ? 'paid' : unpaid;
    const after = ctx.world.patch(session, { status: 'complete', payment_status, url: null });
    emit(ctx, 'checkout.session.completed', after);
  }
}

/** Ends an open session. Emits `checkout.session.expired`. */
export function expireSession(ctx: Context, session: Session): Session {
  const after = ctx.world.patch(session, { status: 'expired', url: null });
  emit(ctx, 'checkout.session.expired', after);
  return after;
}

/** The task at the end of a session's life. */
export function expireWhenDue(ctx: Context, { id = '' }: Readonly<Record<string, string>>): void {
  const session = ctx.world.get(ctx.scope, 'checkout.session', id) as Session | undefined; // rows of openSession
  if (session?.status === 'open') expireSession(ctx, session);
}

/** Returns the address to which the buyer returns after payment. */
export function successUrlOf({ success_url, id }: Session): string {
  return success_url.replaceAll('{CHECKOUT_SESSION_ID}', id);
}
