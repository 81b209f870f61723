import { makePage, type PageResponse } from './document.ts';
import { html } from './html.ts';

/** What the issuer asks the cardholder to confirm. */
export interface Challenge {
  readonly intent: string;
  /** Null when a card is saved and nothing is paid. */
  readonly amount: string | null;
  readonly merchant: string;
  readonly last4: string;
  /** A payment page shows the challenge in a dialog. */
  readonly in_frame: boolean;
  readonly is_public: boolean;
}

/** Returns the page of the card issuer (3-D Secure): two buttons, which work without scripts. */
export function renderChallenge(challenge: Challenge): PageResponse {
  const { intent, amount, merchant, last4, in_frame } = challenge;
  const question = amount === null ? `Save the card ending in ${last4} for ${merchant}?` : null;
  return framedPage(
    challenge,
    html`<main>
      <h1>Confirm with your bank</h1>
      <p>${question ?? `Pay ${amount} to ${merchant} with the card ending in ${last4}?`}</p>
      <form method="post" action="/3ds/${encodeURIComponent(intent)}">
        ${in_frame && html`<input type="hidden" name="frame" value="1" />`}
        <p>
          <button name="answer" value="approve">Approve payment</button>
          <button name="answer" value="fail" class="second">Fail authentication</button>
        </p>
      </form>
      <p class="note">This is a page of the payment emulator. No bank is involved.</p>
    </main>`,
  );
}

/** Returns the page after the answer when there is no address to return to. */
export function renderChallengeEnd(challenge: Pick<Challenge, 'in_frame' | 'is_public'>, text: string): PageResponse {
  return framedPage(
    challenge,
    html`<main data-answered>
      <h1>Confirm with your bank</h1>
      <p>${text}</p>
    </main>`,
  );
}

function framedPage({ in_frame, is_public }: Pick<Challenge, 'in_frame' | 'is_public'>, body: ReturnType<typeof html>) {
  const framed = { script: '/elements/challenge.js', framed_by: is_public ? 'any' : 'loopback' } as const;
  return makePage({ title: 'Confirm with your bank', body, ...(in_frame && framed) });
}
