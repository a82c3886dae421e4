/* What the pages do beyond links and forms. No eval, no inline code, no dependency but htmx. */
(() => {
  'use strict';
  const doc = document;
  const one = (selector, root = doc) => root.querySelector(selector);
  const all = (selector, root = doc) => [...root.querySelectorAll(selector)];

  /* htmx: a Trusted Types policy that drops scripts from fragments, and no evaluation at all */
  const rules = { createHTML: s => s.replace(/<script\b[\s\S]*?(?:<\/script\s*>|$)/gi, ''), createScript: () => '' };
  const policy = window.trustedTypes ? trustedTypes.createPolicy('htmx', rules) : rules;
  const deny = () => { throw new EvalError('evaluation is off'); };
  htmx.registerExtension('tributary', { init(api) { api.initSecurity(policy, deny, deny); } });

  /* short messages: what the server did not render, and what it did */
  const toast = text => {
    const box = doc.createElement('div');
    box.className = 'toast';
    box.textContent = text;
    one('#toasts')?.append(box);
  };
  const fade = node => setTimeout(() => (node.matches(':hover, :focus-within') ? fade(node) : node.remove()), 7000);
  const toasts = one('#toasts');
  if (toasts) {
    all('.toast', toasts).forEach(fade);
    const added = list => list.forEach(m => m.addedNodes.forEach(n => n.nodeType === 1 && fade(n)));
    new MutationObserver(added).observe(toasts, { childList: true });
  }
  doc.addEventListener('htmx:response:error', event => {
    const { status, headers } = event.detail.ctx.response;
    if (status >= 500) toast(`That did not work. Nothing was changed. Reference ${headers.get('x-request-id') || status}`);
  });
  doc.addEventListener('htmx:error', event => {
    if (event.detail.ctx && !event.detail.ctx.response) toast('No connection. What you typed is still on this page.');
  });

  /* the server keeps the theme in a cookie; this spares the reload. Whoever leaves the page at once keeps it too */
  doc.addEventListener('submit', event => {
    const form = event.target;
    if (!form.matches('[data-theme-form]')) return;
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === 'system') delete doc.documentElement.dataset.theme;
    else doc.documentElement.dataset.theme = theme;
    all('[data-theme-form] button').forEach(b => b.setAttribute('aria-pressed', b.value === theme));
    fetch(form.action, { method: 'POST', body: new URLSearchParams({ theme }), redirect: 'manual', keepalive: true });
  });

  /* a dialog closes on a click beside it, where the browser does not do that itself */
  doc.addEventListener('click', event => {
    const dialog = event.target;
    if (dialog.tagName !== 'DIALOG' || 'closedBy' in dialog) return;
    const r = dialog.getBoundingClientRect();
    if (event.clientX < r.left || event.clientX > r.right || event.clientY < r.top || event.clientY > r.bottom) dialog.close();
  });

  /* what was typed and not saved is not lost without a word */
  const forms = '#order-form, #record-form';
  let unsaved = null;
  let sent = null;
  const ask = event => { if (one(forms)) event.preventDefault(); };
  const keep = form => {
    if (form && !unsaved) window.addEventListener('beforeunload', ask);
    if (!form && unsaved) window.removeEventListener('beforeunload', ask);
    unsaved = form;
  };
  doc.addEventListener('input', event => { if (event.target.closest(forms)) keep(event.target.closest(forms)); });
  doc.addEventListener('submit', event => {
    const reshapes = ['_add', '_remove', '_fill'].includes(event.submitter?.name);
    if (!event.target.matches(forms) || reshapes) return;
    sent = event.target;
    keep(null);
  });
  const failed = () => { if (sent?.isConnected) keep(sent); };
  doc.addEventListener('htmx:error', failed);
  doc.addEventListener('htmx:response:error', failed);
  doc.addEventListener('click', event => { if (event.target.closest('[data-discard]')) keep(null); });
  doc.addEventListener('htmx:after:swap', () => {
    if (one('#editor [role="alert"]') || (unsaved && !unsaved.isConnected)) keep(one(forms));
  });

  /* keyboard */
  const enabled = () => localStorage.getItem('keys') !== 'off';
  const toggle = one('[data-keys-toggle]');
  if (toggle) toggle.checked = enabled();
  doc.addEventListener('change', event => {
    if (event.target.matches('[data-keys-toggle]')) localStorage.setItem('keys', event.target.checked ? 'on' : 'off');
  });
  const step = (items, by) => {
    const at = items.findIndex(x => x === doc.activeElement);
    items[Math.max(0, Math.min(items.length - 1, at + by))]?.focus();
  };
  const menuKeys = event => {
    const menu = doc.activeElement?.closest('.menu, #palette');
    if (!menu || !['ArrowDown', 'ArrowUp'].includes(event.key)) return false;
    event.preventDefault();
    step(all('input:not([type=checkbox]), .menu-i', menu), event.key === 'ArrowDown' ? 1 : -1);
    return true;
  };
  /* a conflict is decided with 1 or 2, which lead on to the next one that is open, as N does */
  const nextConflict = () => {
    const cards = all('.pickset');
    const at = cards.indexOf(doc.activeElement?.closest('.pickset'));
    const open = [...cards.slice(at + 1), ...cards.slice(0, at + 1)].find(c => 'open' in c.dataset);
    one('a', open)?.focus();
    open?.scrollIntoView({ block: 'center' });
  };
  let picked = false;
  const pick = key => {
    const card = doc.activeElement?.closest('.pickset') || one('.pickset[data-open]');
    const radio = card && one(`input[type=radio][id$="-${key}"]`, card);
    picked = Boolean(radio && !radio.checked);
    radio?.focus();
    radio?.click();
    return Boolean(card);
  };
  /* who decides with the keyboard is led on: by now htmx has put the focus back where it was */
  doc.addEventListener('htmx:after:settle', () => {
    if (!picked) return;
    picked = false;
    if (one('.pickset[data-open]')) nextConflict();
    else one('[data-done]')?.focus();
  });
  doc.addEventListener('click', event => {
    if (!event.target.closest('[data-next-conflict]')) return;
    event.preventDefault();
    nextConflict();
  });
  let gone = 0;
  const go = key => {
    const link = one(`[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
  };
  const single = event => {
    const key = event.key;
    if (gone && Date.now() - gone < 900) { gone = 0; go(key); return; }
    if (key === 'g') { gone = Date.now(); return; }
    if (key === 'j' || key === 'k') { event.preventDefault(); step(all('.row-a, .pickset h3 a'), key === 'j' ? 1 : -1); return; }
    if ((key === '1' || key === '2') && pick(key)) { event.preventDefault(); return; }
    if (key === '?') { one('#keys')?.showModal(); return; }
    const target = one(`[data-key-target="${CSS.escape(key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches('input')) target.focus();
    else target.click();
  };
  doc.addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      const palette = one('#palette');
      if (palette?.open) palette.close();
      else palette?.showModal();
      return;
    }
    if (menuKeys(event)) return;
    const typing = doc.activeElement?.matches('input:not([type=checkbox],[type=radio]),textarea,select');
    if (event.ctrlKey || event.metaKey || event.altKey || typing || !enabled() || one('dialog[open]')) return;
    single(event);
  });
})();
