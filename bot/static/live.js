// Keeps the open page true: when a new figure is out, the parts marked data-live are exchanged for those of a
// freshly fetched page, and so they are when another period is chosen. Scroll position and what the reader has
// unfolded stay. Without this script the page works too; it is then as old as its loading.
"use strict";

const RETRY_MS = 30000;
// Many readers hear of a new figure in the same moment; they ask for the page spread over this time.
const SPREAD_MS = 5000;
// Who asked a replica that has not heard of the figure yet asks again after this time.
const AGAIN_MS = 2000;
const TRIES = 5;

const lost = document.getElementById("lost");
const refreshMs = 1000 * document.querySelector("main").dataset.refreshS;
const news = new Map();
let here = location.href;
let missed = false;
let soon;
let overdue;

const shown = (queue) => document.querySelector(`#sign-${queue} [data-at]`)?.dataset.at;
const behind = () => [...news].some(([queue, at]) => shown(queue) < at);

// Every figure has an address of its own, so that no cache answers with the one before it.
async function page(address) {
  const url = new URL(address);
  if (news.size) url.searchParams.set("at", [...news.values()].sort().pop());
  const answer = await fetch(url, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function exchange(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const twin = fresh.getElementById(part.id);
    if (!twin || twin.innerHTML === part.innerHTML) continue;
    const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
    part.replaceChildren(...twin.childNodes);
    if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

async function refresh(tries = TRIES) {
  clearTimeout(soon);
  soon = undefined;
  const asked = here;
  try {
    const fresh = await page(asked);
    if (asked === here) exchange(fresh);
    lost.hidden = true;
    if (behind() && tries > 1) soon = setTimeout(refresh, AGAIN_MS, tries - 1);
  } catch {
    lost.hidden = false;
  }
  expect();
}

// When no new figure comes in time the page itself says so; it must be asked for that.
function expect() {
  clearTimeout(overdue);
  overdue = setTimeout(refresh, 2 * refreshMs + Math.random() * SPREAD_MS);
}

function heard(event) {
  const { queue, as_of: at, state } = JSON.parse(event.data);
  if (!shown(queue)) return;
  news.set(queue, at);
  const sign = document.querySelector(`#sign-${queue} [data-at]`);
  if (shown(queue) === at && sign.dataset.state === state) return;
  soon ??= setTimeout(refresh, Math.random() * SPREAD_MS);
}

function listen() {
  const queue = new URL(here).searchParams.get("queue");
  const events = new EventSource(queue ? `/events?queue=${queue}` : "/events");
  events.addEventListener("wait", heard);
  events.onopen = () => {
    if (missed) refresh();
    missed = false;
  };
  events.onerror = () => {
    missed = true;
    lost.hidden = false;
    // The browser comes back by itself after a broken line, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS * (0.5 + Math.random()));
  };
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  here = location.href;
  refresh();
});
addEventListener("popstate", () => {
  here = location.href;
  refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

listen();
expect();
