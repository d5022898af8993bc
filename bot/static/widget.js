// The published wait on any page, from one tag:
//   <script src="https://HOST/widget.js" data-queue="support" async></script>
// It stands in the page's corner, or in place with data-inline ("" is where the tag stands, else a selector).
// data-lang, data-theme ("light" or "dark") and data-chat (a site chat's channel) are chosen for the visitor
// otherwise. It keeps nothing, tells nobody anything, and lives in a shadow so that no style leaks either way;
// what it is told becomes text, never markup. Without news it disappears once its figure is too old.
(() => {
  "use strict";
  const tag = document.currentScript ?? document.querySelector("script[data-queue][src*='/widget.js']:not([data-shown])");
  if (!tag?.dataset.queue) return;
  tag.dataset.shown = "";
  const { queue, lang, chat, inline, theme } = tag.dataset;

  const FETCH_MS = 10000;
  const FIRST_RETRY_S = 5;
  const LAST_RETRY_S = 600;
  // A screen reader is told of changes, but not of every one of a restless desk.
  const QUIET_MS = 60000;
  const SVG = "http://www.w3.org/2000/svg";

  const NIGHT = "--card:#142036;--text:#eef3fa;--quiet:#a9b7cb;--line:#2b3a55;--focus:#9dbdff;--open:#4fd1a1;--busy:#f6c453;--long:#ffa085;--closed:#a9bfff;--unknown:#b6c0cd;--incident:#f2aee2";
  const STYLE = `
:host { all: initial !important; display: block !important; max-width: 100% !important; width: fit-content !important;
  --card:#fff;--text:#14202e;--quiet:#526074;--line:#d8dee7;--focus:#1f4fb8;--open:#0a7350;--busy:#835500;--long:#b4321a;--closed:#3d4fa3;--unknown:#515c6c;--incident:#8b2a78 }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { ${NIGHT} } }
:host([theme=dark]) { ${NIGHT} }
div { display: flex; align-items: center; max-width: 360px; border: 1px solid var(--line); border-radius: 28px; background: var(--card);
  box-shadow: 0 2px 14px #14202e2e; font: 15px/1.35 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: var(--text) }
:host([inline]) div { box-shadow: none }
a { display: flex; align-items: center; gap: 10px; flex: 1; min-height: 30px; padding-block: 9px; padding-inline: 12px 18px; border-radius: 28px; color: inherit; text-decoration: none }
svg { flex: none; width: 30px; height: 30px; fill: none; stroke: var(--mark); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round }
b, i { display: block; font-style: normal; overflow-wrap: anywhere }
b { font-weight: 650 }
i { font-size: 13px; color: var(--quiet) }
a:hover i { text-decoration: underline }
button { all: unset; flex: none; width: 32px; height: 32px; margin-inline-end: 8px; border-radius: 16px; color: var(--quiet); font-size: 20px; line-height: 32px; text-align: center; cursor: pointer }
button:hover { color: var(--text) }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (prefers-reduced-motion: no-preference) { div { animation: come .25s ease-out } @keyframes come { from { translate: 0 12px } } }`;
  const CORNER = `
:host { all: initial !important; position: fixed !important; z-index: 2147483000 !important; display: flex !important; flex-direction: column !important;
  align-items: flex-end !important; gap: 8px !important; inset-inline-end: 16px !important; bottom: calc(16px + env(safe-area-inset-bottom)) !important; max-width: calc(100vw - 32px) !important }
@media print { :host { display: none !important } }`;

  function make(name, properties = {}, children = []) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  // A style sheet made by a script is no inline style: it works under the strictest policy of the page.
  function shadow(host, style) {
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    return root;
  }

  const host = make("jono-wait");
  if (theme) host.setAttribute("theme", theme);
  const root = shadow(host, STYLE);
  const path = document.createElementNS(SVG, "path");
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  icon.append(path);
  const text = make("b", { dir: "auto" });
  const action = make("i", { dir: "auto" });
  const tab = make("span", { className: "aside" });
  const link = make("a", { target: "_blank", rel: "noopener noreferrer" }, [icon, make("span", {}, [text, action]), tab]);
  const close = make("button", { type: "button", textContent: "×" });
  const news = make("span", { className: "aside" });
  news.setAttribute("role", "status");
  const pill = make("div", {}, inline === undefined ? [link, close] : [link]);
  root.append(pill, news);

  const origin = new URL(tag.src).origin;
  const address = new URL(`/widget/${encodeURIComponent(queue)}.json`, origin);
  if (lang) address.searchParams.set("lang", lang);

  let timer;
  let expiry;
  let due = 0;
  let failures = 0;
  let gone = false;
  let told = -Infinity;

  function corner(name) {
    let found = document.querySelector("jono-corner");
    if (!found) {
      found = make("jono-corner");
      shadow(found, CORNER).append(make("slot"));
      found.setAttribute("role", "region");
      found.setAttribute("aria-label", name);
      document.body.append(found);
    }
    return found;
  }

  function place(name) {
    if (inline === undefined) return corner(name).append(host);
    host.setAttribute("inline", "");
    if (inline) return document.querySelector(inline)?.append(host);
    return tag.parentNode === document.head ? document.body.append(host) : tag.after(host);
  }

  function remove() {
    const parent = host.parentNode;
    host.remove();
    if (parent?.localName === "jono-corner" && !parent.children.length) parent.remove();
  }

  function show(wait) {
    const changed = text.textContent !== wait.text;
    text.textContent = wait.text;
    action.textContent = wait.action;
    tab.textContent = wait.new_tab;
    close.ariaLabel = wait.hide;
    pill.lang = wait.language;
    path.setAttribute("d", wait.shape);
    icon.style.setProperty("--mark", `var(--${wait.light})`);
    const target = new URL(chat ? `/chat/${encodeURIComponent(chat)}` : wait.path, origin);
    if (lang) target.searchParams.set("lang", lang);
    link.href = target.origin === origin ? target.href : origin;
    if (!host.isConnected) place(wait.name);
    else if (changed && performance.now() - told > QUIET_MS) {
      told = performance.now();
      news.lang = wait.language;
      news.textContent = wait.text;
    }
    clearTimeout(expiry);
    expiry = setTimeout(remove, 1000 * wait.valid_s);
  }

  function plan(seconds) {
    clearTimeout(timer);
    // Visitors who came together shall not ask together for ever.
    const ms = 1000 * seconds * (1 + Math.random() / 5);
    due = performance.now() + ms;
    timer = setTimeout(look, ms);
  }

  async function look() {
    // A page that nobody sees asks for nothing; it asks at once when it is looked at.
    if (gone || document.hidden) return;
    plan(LAST_RETRY_S);
    try {
      const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(FETCH_MS) });
      if (!answer.ok) throw new Error(answer.status);
      const wait = await answer.json();
      if (gone) return;
      show(wait);
      failures = 0;
      plan(wait.poll_s);
    } catch {
      plan(Math.min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** failures));
      failures += 1;
    }
  }

  close.addEventListener("click", () => {
    gone = true;
    clearTimeout(timer);
    clearTimeout(expiry);
    remove();
  });
  document.addEventListener("visibilitychange", () => {
    if (performance.now() >= due) look();
  });
  if (document.body) look();
  else document.addEventListener("DOMContentLoaded", look);
})();
