// The agents' desk. The server tells how the cases stand; whatever is done here is a command, as on every other channel.
import { Files, POSTED_MS, UPLOADED_MS, attachment, fill, grow, icon, isSend, listen, moments, newId, part, renew, sessionMemory, within } from "./talk.js";

const { language, speed, fileBytes, queues: queueNames, icons, labels: packed, commands: table } = document.body.dataset;
const labels = JSON.parse(packed);
const shapes = JSON.parse(icons);
const commands = JSON.parse(table);
const served = JSON.parse(queueNames);
const at = (id) => document.getElementById(id);
const text = at("text");
const talk = at("talk");
const scroll = at("scroll");
const title = document.title;
const query = `?${new URLSearchParams({ lang: language })}`;

let overview = { queues: [], cases: [], signs: {}, on_duty: false, now: 0 };
let heard = performance.now();
let current = ""; // the case that is open
let loaded = 0; // the version of it that is shown
let ended = false; // whether nothing more will happen in it
const written = new Map(); // what was written here: its id to its fate
const asked = new Map(); // commands given here that were not answered yet: their ids to what the answer is for
const read = new Map(); // cases and the number of messages that were read in them

// --- how the cases stand ---------------------------------------------------------------------------------------

// The desk's time, in seconds; in a demonstration it runs faster.
const now = () => overview.now + ((performance.now() - heard) / 1000) * Number(speed);
const units = ["day", "hour", "minute"].map((unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }));
function length(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  if (minutes < 100) return units[2].format(minutes);
  if (minutes < 2880) return units[1].format(Math.round(minutes / 60));
  return units[0].format(Math.round(minutes / 1440));
}

const lists = {
  mine: (row) => row.mine,
  waiting: (row) => row.state === "waiting",
  others: (row) => row.state !== "waiting" && !row.mine,
};
const byTurn = (a, b) => (a.turn_at ?? a.opened_at) - (b.turn_at ?? b.opened_at);
const inOrder = () => Object.values(lists).flatMap((wanted) => overview.cases.filter(wanted).sort(byTurn));
const find = (id) => overview.cases.find((row) => row.id === id);

function waitOf(row) {
  if (row.turn_at === null || !OPEN.includes(row.state)) return [labels[row.state === "waiting" ? "state_waiting" : row.state] || row.state, false];
  if (row.due_at === null) return [fill(labels.since, { time: length(now() - row.turn_at) }), false];
  const late = row.due_at < now();
  return [fill(late ? labels.overdue : labels.due, { time: length(row.due_at - now()) }), late];
}

function rowOf(row) {
  const item = part("li");
  const button = part("button");
  button.type = "button";
  button.dataset.case = row.id;
  if (row.id === current) button.setAttribute("aria-current", "true");
  const name = part("span", "name", row.name || `${labels.no_name} · ${row.id}`);
  name.dir = "auto";
  const fresh = row.mine && row.messages > (read.get(row.id) ?? 0);
  if (fresh) name.classList.add("fresh");
  const [time, late] = waitOf(row);
  const preview = part("span", "preview", row.agent_name && !row.mine ? `${fill(labels.held_by, { name: row.agent_name })} · ${row.preview}` : row.preview);
  preview.dir = "auto";
  button.append(name, part("span", late ? "time late" : "time", time), preview);
  button.addEventListener("click", () => open(row.id));
  item.append(button);
  return item;
}

const sections = Object.keys(lists).map((name) => {
  const section = part("section");
  section.append(part("h2"), part("ul", "rows"), part("p", "none", name === "waiting" ? labels.nobody : labels.none));
  at("lists").append(section);
  return [name, section];
});

function showLists() {
  const focused = document.activeElement?.dataset?.case;
  for (const [name, section] of sections) {
    const rows = overview.cases.filter(lists[name]).sort(byTurn);
    const [heading, list, none] = section.children;
    heading.textContent = `${labels[name]} (${rows.length})`;
    renew(list, rows.map(rowOf));
    list.hidden = !rows.length;
    none.hidden = Boolean(rows.length);
  }
  if (focused && document.activeElement?.dataset?.case !== focused) document.querySelector(`[data-case="${CSS.escape(focused)}"]`)?.focus();
}

function showQueues() {
  at("queues").replaceChildren(
    ...overview.queues.map((queue) => {
      const sign = overview.signs[queue.name];
      const row = part("li");
      const light = part("span", `light ${sign.light}`);
      light.append(icon(shapes[sign.light]), part("span", "", sign.state));
      const counts = part("p", "counts");
      counts.append(part("span", "figure", sign.figure), ` · ${sign.waiting} · ${sign.agents}`);
      row.append(part("span", "title", queue.title), light, counts);
      return row;
    }),
  );
  const waiting = overview.queues.reduce((sum, queue) => sum + queue.waiting, 0);
  document.title = waiting ? `(${waiting}) ${title}` : title;
  at("next").disabled = !waiting;
}

function take(news) {
  overview = news;
  heard = performance.now();
  showQueues();
  showLists();
  at("duty").setAttribute("aria-pressed", String(news.on_duty));
  at("duty").textContent = news.on_duty ? labels.go_off : labels.go_on;
  const row = find(current);
  if (current && (row ? row.version !== loaded : !ended)) load(current);
  if (!current && location.hash) open(location.hash.slice(1));
  if (wanted) {
    const mine = news.cases.find((one) => one.id === wanted);
    if (mine) open(mine.id);
  }
}
setInterval(() => document.hidden || (showLists(), showHead(find(current))), 20000 / Math.max(1, Number(speed) / 10));

// --- the open case ---------------------------------------------------------------------------------------------

const when = moments(language);

// What is being written to each case, and which files go with it.
const drafts = new Map();
const DRAFT = "jono-desk-draft:";
function draftOf(id) {
  if (!drafts.has(id)) {
    const [kind, ...words] = (sessionMemory.get(DRAFT + id) || "reply ").split(" ");
    drafts.set(id, { text: words.join(" "), kind, files: [] });
  }
  return drafts.get(id);
}

// A reload must not lose what is half written, nor make a note a reply.
function keepDraft() {
  const draft = draftOf(current);
  if (draft.text) sessionMemory.set(DRAFT + current, `${draft.kind} ${draft.text}`);
  else sessionMemory.forget(DRAFT + current);
}

function showDraft() {
  const draft = draftOf(current);
  text.value = draft.text;
  choose(draft.kind);
  files.use(draft.files);
  fit();
  complete();
}

function open(id) {
  wanted = "";
  if (id !== current) {
    current = id;
    loaded = 0;
    ended = false;
    talk.replaceChildren();
    at("typing").hidden = true;
    showDraft();
  }
  at("desk").classList.add("reading");
  at("choose").hidden = true;
  at("open").hidden = false;
  address(id);
  showLists();
  document.querySelector(`[data-case="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  return load(id);
}

// The case stands in the address: a reload opens it again, and on a phone "back" leads to the list.
function address(id) {
  if (location.hash === `#${id}`) return;
  const there = `${location.pathname}${location.search}#${id}`;
  if (history.state?.reading) history.replaceState({ reading: true }, "", there);
  else history.pushState({ reading: true }, "", there);
}

function list() {
  at("desk").classList.remove("reading");
  document.querySelector(`[data-case="${CSS.escape(current)}"]`)?.focus();
}

function shut() {
  if (!at("desk").classList.contains("reading")) return;
  if (history.state?.reading) history.back();
  else list();
}
at("back").addEventListener("click", shut);
addEventListener("popstate", () => {
  const id = location.hash.slice(1);
  if (id) open(id);
  else list();
});

// Others serve it now, or it is forgotten.
function leave() {
  current = "";
  history.replaceState(null, "", location.pathname + location.search);
  at("open").hidden = true;
  at("choose").hidden = false;
  at("desk").classList.remove("reading");
  showLists();
}

async function load(id) {
  const answer = await ask(`/desk/cases/${encodeURIComponent(id)}`);
  if (id !== current) return;
  if (answer?.status === 404) leave();
  if (!answer?.ok) return;
  const whole = await answer.json();
  // An answer may be overtaken by that to a later question.
  if (id !== current || whole.case.version < loaded) return;
  if (whole.case.messages > (read.get(id) ?? 0)) at("typing").hidden = true;
  loaded = whole.case.version;
  ended = !OPEN.includes(whole.case.state);
  read.set(id, whole.case.messages);
  showHead(whole.case);
  const down = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80 || !talk.childElementCount;
  const refs = new Set(whole.said.map((entry) => entry.ref));
  const missing = [...written].filter(([ref, one]) => one.case === id && ["sending", "failed"].includes(one.fate) && !refs.has(ref));
  renew(talk, [...whole.said, ...missing.map(([, one]) => one.entry)].map((entry) => said(entry, whole.case)));
  if (down) scroll.scrollTop = scroll.scrollHeight;
}

const queueTitle = (name) => overview.queues.find((queue) => queue.name === name)?.title ?? name;
const OPEN = ["waiting", "claimed", "answered"];
function showHead(row) {
  if (!row) return;
  at("who").textContent = row.name || labels.no_name;
  at("who").dir = "auto";
  const [wait] = waitOf(row);
  const holder = row.agent_name && !row.mine ? fill(labels.held_by, { name: row.agent_name }) : "";
  const until = row.until ? fill(labels.until, { time: when(row.until, now()) }) : "";
  at("facts").textContent = [row.public ? `⚠️ ${labels.public}` : "", row.id, row.channel, queueTitle(row.queue), row.language, wait, until, holder].filter(Boolean).join(" · ");
  at("composer").hidden = !OPEN.includes(row.state);
  const acts = !OPEN.includes(row.state) ? [] : row.mine ? ["release", "close"] : ["claim", ...(row.state === "answered" ? ["close"] : [])];
  const shown = [...at("acts").children].map((button) => button.dataset.act);
  if (shown.join() !== acts.join()) {
    at("acts").replaceChildren(
      ...acts.map((name) => {
        const button = part("button", name === "claim" ? "main" : "", labels[name]);
        button.type = "button";
        button.dataset.act = name;
        button.addEventListener("click", () => act(name));
        return button;
      }),
    );
  }
}

const EVENTS = { gone: () => labels.gone, reaction: (entry) => fill(labels.reaction, { emoji: entry.text }) };
function said(entry, row) {
  if (entry.by in EVENTS) return part("li", "event", EVENTS[entry.by](entry));
  if (entry.by === "failed") {
    const item = part("li", "event alarm", `${labels.not_delivered} `);
    const again = part("button", "", labels.resend);
    again.type = "button";
    again.dataset.id = entry.id;
    again.addEventListener("click", () => command("resend", entry.id, "", "words"));
    item.append(again);
    return item;
  }
  const item = part("li", entry.by === "customer" ? "" : entry.by === "note" ? "own note" : "own");
  const meta = part("p", "meta");
  meta.append(part("span", "who", entry.by === "customer" ? row.name || labels.no_name : entry.by === "note" ? `${labels.note} · ${entry.who}` : entry.who));
  meta.append(part("time", "", when(entry.at, now())));
  const fate = written.get(entry.ref)?.fate;
  if (fate) meta.append(part("span", fate === "failed" ? "fate bad" : "fate", fate === "failed" ? labels.not_delivered : labels[fate] || ""));
  item.append(meta);
  if (entry.text) {
    const bubble = part("div", "bubble", entry.text);
    bubble.dir = "auto";
    item.append(bubble);
  }
  item.append(...(entry.files || []).map((file) => attachment(file, file.url)));
  return item;
}

// --- what is done ----------------------------------------------------------------------------------------------

async function ask(where, options = {}) {
  try {
    const answer = await fetch(where + query, { ...within(POSTED_MS), ...options });
    if (answer.status === 401) location.reload();
    return answer;
  } catch {
    return null;
  }
}

let wanted = ""; // a case that was claimed, to be opened as soon as it is known

// One after another, as they were given: a reply must not overtake the claim before it. `why` is what the answer is for.
let line = Promise.resolve();
function command(name, argument, row, why, { id = newId(), ...more } = {}) {
  asked.set(id, why);
  line = line.then(() => deliver(JSON.stringify({ id, command: name, arguments: argument, case: row, ...more })));
  return line;
}

async function deliver(body) {
  for (let tries = 0; tries < 30; tries += 1) {
    const answer = await ask("/desk/commands", { method: "POST", body });
    if (answer?.ok) return true;
    if (answer && answer.status < 500 && answer.status !== 429) {
      tell(await reasonOf(answer), false);
      return false;
    }
    // The same id again: it is carried out once.
    await new Promise((done) => setTimeout(done, 1000 * (Number(answer?.headers.get("Retry-After")) || 2)));
  }
  tell(labels.offline, false);
  return false;
}

const reasonOf = (answer) => answer.json().then(({ error }) => error, () => answer.statusText);

function tell(words, ok) {
  const item = part("div", ok ? "" : "bad");
  item.append(part("span", "", words));
  const close = part("button", "", "×");
  close.type = "button";
  close.setAttribute("aria-label", labels.close);
  close.addEventListener("click", () => item.remove());
  item.append(close);
  at("news").append(item);
  while (at("news").childElementCount > 4) at("news").firstElementChild.remove();
  setTimeout(() => item.remove(), 6000 + 60 * words.length);
}

let quiet;
function typing({ case: id }) {
  if (id !== current) return;
  at("typing").hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => (at("typing").hidden = true), 6000);
}

let last = ""; // the latest answer that came

// Answers to commands, and what became of what was written.
function hear(item, id) {
  last = id;
  if (item.kind === "receipt") {
    const one = written.get(item.id);
    asked.delete(item.id);
    if (one) {
      one.fate = item.fate === "noted" ? "" : item.fate;
      if (one.case === current) load(current);
    }
    return;
  }
  if (item.kind !== "answer") return;
  const given = item.id.split("-").at(-1);
  const why = asked.get(given);
  // In another window of the same agent.
  if (!asked.delete(given)) return;
  const taken = why === "take" && item.ok && item.case;
  // What was claimed is opened, and says more than the answer; what a button does is seen in the case.
  if (!(taken || (item.ok && why === "button"))) tell(item.text, item.ok);
  if (taken) {
    // Keys go on to mean what they mean: what is typed next must not be taken for a reply.
    if (find(item.case)) open(item.case).then(() => at("case").focus());
    else wanted = item.case;
  }
  if (!item.ok) failed(given);
}

// What did not become a part of the case goes back to where it was written; if there is something new already, it stays
// to be seen.
function failed(id) {
  const one = written.get(id);
  if (!one) return;
  one.fate = "failed";
  const draft = draftOf(one.case);
  if (!draft.text && !draft.files.length) {
    Object.assign(draft, { text: one.entry.text, kind: one.entry.by === "note" ? "note" : "reply" });
    draft.files.push(...one.entry.files);
    written.delete(id);
    if (one.case === current) showDraft();
  }
  if (one.case === current) load(current);
  else if (!find(one.case)) tell(one.entry.text, false);
}

const act = (name, why = "button") => command(name, "", current, why);
const next = () => command("next", "", "", "take");
at("next").addEventListener("click", next);
at("duty").addEventListener("click", () => command(overview.on_duty ? "off" : "on", "", "", "words"));
at("leave").addEventListener("click", async () => {
  await ask("/desk/session", { method: "DELETE" });
  location.reload();
});

// --- writing ---------------------------------------------------------------------------------------------------

async function upload(file) {
  const answer = await ask("/desk/files", { method: "POST", body: file, ...within(UPLOADED_MS) });
  if (answer?.ok) return answer.json();
  tell(answer ? await reasonOf(answer) : labels.offline, false);
  return null;
}
const files = new Files(at("files"), at("attach"), upload, { most: Number(fileBytes), labels, complain: (words) => tell(words, false) });
const fit = grow(text);
const kind = () => document.querySelector("[name=kind]:checked").value;
const choose = (value) => {
  document.querySelector(`[name=kind][value=${value}]`).checked = true;
  relabel();
};
function relabel() {
  draftOf(current).kind = kind();
  keepDraft();
  text.placeholder = kind() === "note" ? labels.write_note : labels.write;
}
document.querySelectorAll("[name=kind]").forEach((choice) => choice.addEventListener("change", relabel));

text.addEventListener("input", () => {
  draftOf(current).text = text.value;
  keepDraft();
});

at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = current;
  await files.done();
  // Another case was opened meanwhile: this one's draft waits there.
  if (id !== current) return;
  const words = text.value.trim();
  const slash = /^\/(\w+)\s*([\s\S]*)$/.exec(words);
  const sent = slash ? [] : files.give();
  if (!words && !sent.length) return;
  if (slash) command(slash[1], slash[2], current, "words");
  else say(words, sent);
  text.value = "";
  draftOf(current).text = "";
  // A note is the exception: the next thing written is a reply again.
  choose("reply");
  keepDraft();
  fit();
  complete();
});

function say(words, sent) {
  const id = newId();
  const by = kind() === "note" ? "note" : "agent";
  const shown = { by, at: now(), text: words, who: document.querySelector(".me").textContent, files: sent, ref: id };
  written.set(id, { case: current, fate: "sending", entry: shown });
  talk.append(said(shown, find(current) || { name: "" }));
  scroll.scrollTop = scroll.scrollHeight;
  const name = by === "note" ? "note" : "reply";
  command(name, words, current, "words", { id, files: sent, plain: true }).then((ok) => ok || failed(id));
}

let told = 0;
text.addEventListener("input", () => {
  if (kind() !== "reply" || text.value.startsWith("/") || Date.now() - told < 3000) return;
  told = Date.now();
  ask("/desk/typing", { method: "POST", body: JSON.stringify({ case: current }) });
});

// --- commands with completion ----------------------------------------------------------------------------------

let choices = [];
let chosen = 0;

function possible() {
  const typed = text.value;
  const queue = /^\/transfer\s+(\S*)$/i.exec(typed);
  if (queue) return served.filter((name) => name.startsWith(queue[1])).map((name) => ({ text: `/transfer ${name}`, form: name, summary: "" }));
  if (!/^\/\w*$/.test(typed)) return [];
  return commands
    .filter((row) => row.name.startsWith(typed.slice(1).toLowerCase()))
    .map((row) => ({ text: `/${row.name} `, form: `/${row.name} ${row.arguments}`.trim(), summary: row.summary }));
}

function complete() {
  choices = possible();
  chosen = Math.min(chosen, Math.max(0, choices.length - 1));
  at("completions").hidden = !choices.length;
  at("completions").replaceChildren(
    ...choices.map((choice, number) => {
      const row = part("li");
      row.id = `choice-${number}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(number === chosen));
      row.append(part("span", "form", choice.form), part("span", "summary", choice.summary));
      row.addEventListener("mousedown", (event) => {
        event.preventDefault();
        pick(number);
      });
      return row;
    }),
  );
  if (choices.length) {
    text.setAttribute("aria-activedescendant", `choice-${chosen}`);
    at(`choice-${chosen}`).scrollIntoView({ block: "nearest" });
  } else text.removeAttribute("aria-activedescendant");
}

function pick(number) {
  text.value = choices[number].text;
  chosen = 0;
  text.focus();
  complete();
}
text.addEventListener("input", complete);
text.addEventListener("blur", () => (at("completions").hidden = true));

text.addEventListener("keydown", (event) => {
  const several = choices.length > 0 && !at("completions").hidden;
  if (several && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : choices.length - 1)) % choices.length;
    complete();
  } else if (several && event.key === "Tab" && !event.shiftKey) {
    event.preventDefault();
    pick(chosen);
  } else if (isSend(event)) {
    event.preventDefault();
    if (several && choices[chosen].text.trim() !== text.value.trim()) pick(chosen);
    else at("composer").requestSubmit();
  } else if (event.key === "Escape") {
    if (several) at("completions").hidden = true;
    else text.blur();
  }
});

// --- keys ------------------------------------------------------------------------------------------------------

function move(step) {
  const rows = inOrder();
  if (!rows.length) return;
  const place = rows.findIndex((row) => row.id === current);
  open(rows[place < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, place + step))].id);
}

function write(what) {
  if (!current) return;
  choose(what);
  text.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  c: () => {
    const row = find(current);
    if (row?.state === "waiting") act("claim", "take");
    else next();
  },
  r: () => write("reply"),
  n: () => write("note"),
  x: () => current && act("close"),
  b: () => current && act("release"),
  "?": () => at("keys").showModal(),
  Escape: () => {
    if (at("news").childElementCount) at("news").replaceChildren();
    else shut();
  },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, input, dialog")) return;
  const meant = keys[event.key];
  if (!meant) return;
  event.preventDefault();
  meant();
});
at("keys-button").addEventListener("click", () => at("keys").showModal());

function online(is) {
  // A stream that is refused again and again does not say why: whoever is signed out learns it here.
  if (!is && !at("offline").hidden) ask("/desk/session");
  at("offline").hidden = is;
}

listen(() => `/desk/events${query}${last && `&after=${last}`}`, { desk: take, item: hear, typing, out: () => location.reload() }, online);
