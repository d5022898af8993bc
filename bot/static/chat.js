// A customer's chat. What stands in the conversation comes from the server, in order; what is written here is shown at
// once and stays in this browser until the server has it, over reloads and outages.
import { Files, POSTED_MS, UPLOADED_MS, attachment, fill, grow, isSend, listen, memory, sessionMemory, moments, newId, part, within } from "./talk.js";

const { channel, queue, language, fileBytes, icons, labels: packed } = document.body.dataset;
const labels = JSON.parse(packed);
const shapes = JSON.parse(icons);
const base = `/chat/${channel}`;
const query = new URLSearchParams({ lang: language, ...(queue && { queue }) });
const at = (id) => document.getElementById(id);
const talk = at("talk");
const scroll = at("scroll");
const text = at("text");
const title = document.title;

const shown = new Map(); // an item's key, or the id of an own message, to its element
let lastKey = "";
let unread = 0;
let caughtUp = false; // what came before it was there to be read already

// --- what was said ---------------------------------------------------------------------------------------------

const when = moments(language);

function entry(item) {
  const own = item.kind === "message";
  const automatic = ["acknowledgement", "update", "notice", "answer"].includes(item.kind);
  const row = part("li", own ? "own" : automatic ? "automatic" : "");
  const meta = part("p", "meta");
  if (automatic) meta.append(part("span", "who", labels.automatic));
  if (own) meta.append(part("span", "aside", labels.you));
  const time = part("time", "", when(item.at));
  time.dateTime = new Date(item.at * 1000).toISOString();
  meta.append(time);
  const bubble = part("div", "bubble");
  bubble.dir = "auto";
  bubble.textContent = item.text;
  row.append(meta);
  if (item.text) row.append(bubble);
  for (const file of item.files || []) {
    const [box, name] = (file.ref || "").split("/");
    row.append(attachment(file, name && `${base}/files/${box}/${name}?${new URLSearchParams({ name: file.name || "" })}`));
  }
  row.dataset.at = item.at;
  return row;
}

// In order of time: what the bot says may overtake the message it answers by a moment.
function place(row) {
  const moment = Number(row.dataset.at);
  let before = talk.lastElementChild;
  while (before && Number(before.dataset.at) > moment) before = before.previousElementSibling;
  before ? before.after(row) : talk.prepend(row);
}

function keepDown(change) {
  const down = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  change();
  if (down) scroll.scrollTop = scroll.scrollHeight;
}

function take(item) {
  lastKey = item.key;
  if (item.kind === "edit") return correct(item);
  const name = item.kind === "message" ? item.id : item.key;
  const waiting = shown.get(name);
  // What was written here gets its place by the server's clock: that of this device may be wrong.
  if (waiting && !("written" in waiting.dataset)) return;
  keepDown(() => {
    const row = entry(item);
    waiting?.remove();
    shown.set(name, row);
    place(row);
  });
  if (item.kind === "message") settle(item.id);
  else {
    at("typing").hidden = true;
    if (item.kind === "reply") answered = performance.now();
    if (document.hidden && caughtUp) count(unread + 1, shown.get(name));
  }
}

function correct(item) {
  const row = shown.get(item.id);
  if (!row) return;
  const meta = row.querySelector(".meta");
  row.querySelector(".bubble")?.remove();
  row.querySelector(".edited")?.remove();
  const bubble = part("div", "bubble", item.text ?? "");
  bubble.dir = "auto";
  meta.after(bubble);
  if (item.text === null) {
    bubble.append(part("span", "deleted", labels.deleted));
    for (const file of row.querySelectorAll(".attachment")) file.remove();
  } else meta.append(part("span", "edited", labels.edited));
}

function count(n, first) {
  if (n === 1 && first) {
    document.querySelector(".unread")?.remove();
    const mark = part("li", "unread", labels.unread);
    mark.dataset.at = first.dataset.at;
    first.before(mark);
  }
  unread = n;
  document.title = n ? `(${n}) ${title}` : title;
}
document.addEventListener("visibilitychange", () => document.hidden || count(0));

// --- what is written -------------------------------------------------------------------------------------------

// Each message has a place of its own in the browser's memory: several windows may write at once.
const STORE = `jono-chat-${channel}`;
const WRITTEN = `${STORE}:`;
let outbox = memory.names(WRITTEN).map(written).filter(Boolean).sort((a, b) => a.at - b.at);
let sending = false;
let later;

function written(name) {
  try {
    return JSON.parse(memory.get(name));
  } catch {
    return null;
  }
}

function settle(id) {
  outbox = outbox.filter((message) => message.id !== id);
  memory.forget(WRITTEN + id);
}

function pending(message) {
  const row = entry({ ...message, kind: "message", at: message.at });
  row.classList.add("pending");
  row.dataset.written = "";
  row.querySelector(".meta").append(part("span", "fate", labels.sending));
  // Below all that the server has, in the order in which it was written.
  row.dataset.at = Infinity;
  shown.set(message.id, row);
  talk.append(row);
  scroll.scrollTop = scroll.scrollHeight;
}

function write(words, files = []) {
  const message = { id: newId(), at: Date.now() / 1000, text: words, name: at("name").value.trim(), language, queue, files };
  outbox.push(message);
  memory.set(WRITTEN + message.id, JSON.stringify(message));
  pending(message);
  deliver();
}

// One after another, so that the order is kept; what fails for want of a line is tried again.
async function deliver() {
  if (sending) return;
  sending = true;
  clearTimeout(later);
  for (let message; (message = outbox[0]); ) {
    const answer = await post("messages", JSON.stringify(message), POSTED_MS);
    if (!answer || answer.status >= 500 || answer.status === 429) {
      const fate = shown.get(message.id)?.querySelector(".fate");
      if (fate && answer?.status === 429) fate.textContent = labels.slow;
      later = setTimeout(deliver, 1000 * (Number(answer?.headers.get("Retry-After")) || 2));
      break;
    }
    const row = shown.get(message.id);
    settle(message.id);
    if (answer.ok) {
      row?.classList.remove("pending");
      row?.querySelector(".fate")?.remove();
    } else {
      const { error } = await answer.json().catch(() => ({ error: answer.statusText }));
      const reason = answer.status === 401 ? labels.cookies : error;
      const fate = row?.querySelector(".fate");
      if (fate) fate.textContent = fill(labels.failed, { reason });
      fate?.classList.add("bad");
    }
  }
  sending = false;
}

async function post(where, body, ms) {
  try {
    return await fetch(`${base}/${where}?${query}`, { method: "POST", body, ...within(ms) });
  } catch {
    return null;
  }
}

function complain(words) {
  const row = part("li", "event alarm", words);
  row.dataset.at = Date.now() / 1000;
  keepDown(() => talk.append(row));
}

async function upload(file) {
  const answer = await post("files", file, UPLOADED_MS);
  if (answer?.ok) return answer.json();
  const why = { 413: labels.too_large, 507: labels.full }[answer?.status];
  complain(why ? fill(why, { name: file.name }) : fill(labels.failed, { reason: file.name }));
  return null;
}

const files = new Files(at("files"), at("attach"), upload, { most: Number(fileBytes), labels, complain });
const fit = grow(text);

at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  await files.done();
  const words = text.value.trim();
  const sent = files.give();
  if (!words && !sent.length) return;
  write(words, sent);
  text.value = "";
  sessionMemory.forget(`${STORE}-draft`);
  told = 0;
  fit();
  text.focus();
  remember();
});
let told = 0;
text.addEventListener("input", () => {
  if (!text.value || Date.now() - told < 3000) return;
  told = Date.now();
  post("typing", "", POSTED_MS);
});

// What is half written is there after a reload.
text.addEventListener("input", () => sessionMemory.set(`${STORE}-draft`, text.value));
// Whoever was invited to go on here sends the code of the invitation: it stands written, and works once.
const invitation = /^#start=(\w+)$/.exec(location.hash);
if (invitation) history.replaceState(null, "", location.pathname + location.search);
text.value = invitation ? `/start ${invitation[1]}` : sessionMemory.get(`${STORE}-draft`) || "";
fit();
text.addEventListener("keydown", (event) => {
  if (isSend(event)) {
    event.preventDefault();
    at("composer").requestSubmit();
  }
});
text.addEventListener("paste", (event) => {
  const pasted = [...event.clipboardData.files];
  // Out of a document comes a picture of the text as well.
  if (pasted.length && at("attach") && !event.clipboardData.types.includes("text/plain")) files.take(pasted);
});

// The name is asked for once.
function remember() {
  const name = at("name");
  if (name.value.trim()) memory.set(`${STORE}-name`, name.value.trim());
  at("name-field").hidden = Boolean(name.value.trim());
}
at("name").addEventListener("change", () => memory.set(`${STORE}-name`, at("name").value.trim()));
at("name").value = memory.get(`${STORE}-name`) || "";
at("name-field").hidden = Boolean(at("name").value);

// --- live ------------------------------------------------------------------------------------------------------

function sign(wait) {
  caughtUp = true;
  at("sign").className = `sign ${wait.light}`;
  at("sign-icon").setAttribute("d", shapes[wait.light]);
  for (const name of ["state", "caption", "figure"]) at(`sign-${name}`).textContent = wait[name];
}

let quiet;
let answered = 0;
function typing() {
  // The sign of it may come a moment after the answer itself.
  if (answered && performance.now() - answered < 1500) return;
  keepDown(() => (at("typing").hidden = false));
  clearTimeout(quiet);
  quiet = setTimeout(() => (at("typing").hidden = true), 6000);
}

// Times in automatic messages are those of the desk, which may be far away.
const zone = at("zone");
const moment = new Date();
zone.hidden = moment.toLocaleString("en") === moment.toLocaleString("en", { timeZone: zone.dataset.zone });

let connected = false;
function online(is) {
  at("offline").hidden = is;
  if (is && !connected) deliver();
  connected = is;
}

// Without this script there would be nothing to send it.
at("composer").hidden = false;
outbox.forEach(pending);
listen(() => `${base}/events?${query}${lastKey && `&after=${lastKey}`}`, { item: take, wait: sign, typing }, online);
text.focus();
