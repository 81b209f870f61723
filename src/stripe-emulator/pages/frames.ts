import { renderCardFields } from './card-fields.ts';
import { makePage, type PageResponse } from './document.ts';
import { html } from './html.ts';

const NOTE = 'Test payments only: use a test card such as 4242 4242 4242 4242.';

/**
 * Returns the page of a frame of the form script: with the card fields, or without any for calls of the API.
 *
 * Messages go to `origin` only. Null when it is no origin of the web.
 */
export function renderFrame(kind: string, origin: string, is_public: boolean): PageResponse | null {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (!url || url.origin !== origin || !/^https?:$/.test(url.protocol)) return null;
  if (kind !== 'card' && kind !== 'controller') return null;
  // No landmark and no heading: the page that shows the frame has them.
  const form = html`<div>
    <form novalidate>${renderCardFields()}</form>
    <p class="note">${NOTE}</p>
  </div>`;
  return makePage({
    title: kind === 'card' ? 'Card details' : 'Payments',
    body: kind === 'card' ? form : html``,
    class: 'frame',
    script: '/elements/frame.js',
    origin,
    framed_by: is_public ? 'any' : 'loopback',
  });
}
