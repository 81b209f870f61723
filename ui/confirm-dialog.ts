/**
 * Opens confirmations in a dialog: a link with `data-confirm` leads to a page with `tg-confirm`, which is fetched and
 * shown. When the page cannot be shown so, the link is followed.
 *
 * Escape, "Keep …" and the backdrop close the dialog; the focus returns to the link. The form is sent as a page.
 */
export function openConfirmations(root: Document): void {
  root.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[data-confirm]') : null;
    if (!link || link.origin !== window.location.origin) return;
    event.preventDefault();
    void show(link).catch(() => window.location.assign(link.href));
  });
}

async function show(link: HTMLAnchorElement): Promise<void> {
  const reply = await fetch(link.href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
  if (!reply.ok || reply.redirected) throw new Error('no confirmation');
  const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
  const confirmation = page.querySelector('tg-confirm > form');
  const title = page.querySelector('h1')?.textContent.trim();
  if (!confirmation || title === undefined) throw new Error('no confirmation');
  const dialog = makeDialog(document.importNode(confirmation, true), title, link.href);
  document.body.append(dialog);
  dialog.addEventListener('close', () => {
    dialog.remove();
    link.focus();
  });
  dialog.showModal();
  dialog.querySelector<HTMLElement>('input:not([type="hidden"]), [data-keep]')?.focus();
}

function makeDialog(form: Node, title: string, action: string): HTMLDialogElement {
  const dialog = document.createElement('dialog');
  dialog.className = 'tg-dialog';
  const heading = document.createElement('h2');
  heading.id = 'confirm-title';
  heading.textContent = title;
  heading.dir = 'auto';
  const head = document.createElement('div');
  head.className = 'tg-dialog-head';
  head.append(heading);
  dialog.setAttribute('aria-labelledby', heading.id);
  if (form instanceof HTMLFormElement) {
    form.classList.remove('tg-card');
    if (!form.hasAttribute('action')) form.action = action;
    form.prepend(head);
    form.querySelector('.tg-actions')?.classList.replace('tg-actions', 'tg-dialog-foot');
    form.querySelector('[data-keep]')?.addEventListener('click', (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  dialog.append(form);
  return dialog;
}
