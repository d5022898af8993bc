// Keeps the open page true: when a new figure is out, the parts marked data-live are exchanged for those of a
// freshly fetched page. Scroll position and what the reader has unfolded stay. Without this script the page
// works too; it is then as old as its loading.
"use strict";

const RETRY_MS = 30000;
// Many readers hear of a new figure in the same moment; they ask for the page spread over this time.
const SPREAD_MS = 4000;

const lost = document.getElementById("lost");
const refreshMs = 1000 * document.querySelector("main").dataset.refreshS;
let missed = false;
let soon;
let overdue;

async function refresh() {
  soon = clearTimeout(soon);
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const twin = fresh.getElementById(part.id);
      if (twin && twin.innerHTML !== part.innerHTML) part.replaceChildren(...twin.childNodes);
    }
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  expect();
}

// When no new figure comes in time the page itself says so; it must be asked for that.
function expect() {
  clearTimeout(overdue);
  overdue = setTimeout(refresh, 2 * refreshMs);
}

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("wait", () => {
    soon ??= setTimeout(refresh, Math.random() * SPREAD_MS);
  });
  events.onopen = () => {
    if (missed) refresh();
    missed = false;
  };
  events.onerror = () => {
    missed = true;
    lost.hidden = false;
    // The browser comes back by itself after a broken line, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  };
}

listen();
expect();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
