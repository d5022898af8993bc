// What the chat and the desk have in common: entries that were said, files beside them, the growing text field.
// Whatever people wrote enters the page as text, never as markup.

export const part = (name, className = "", text = "") => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
};

export const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export const icon = (path) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
};

// What this browser remembers: over reloads, and of several windows each for itself. Some browsers remember nothing.
const remembering = (store) => ({
  get(name) {
    try {
      return store().getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      store().setItem(name, value);
    } catch {
      // It is full, or forbidden: what is here is lost with the window.
    }
  },
  forget(name) {
    try {
      store().removeItem(name);
    } catch {
      // There was nothing.
    }
  },
  names(prefix) {
    try {
      return Object.keys(store()).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  },
});
export const memory = remembering(() => localStorage);
export const sessionMemory = remembering(() => sessionStorage);

// The line goes dead without a word: after so long a request counts as lost, and is made again.
export const within = (ms) => (AbortSignal.timeout ? { signal: AbortSignal.timeout(ms) } : {});
export const POSTED_MS = 20000;
export const UPLOADED_MS = 130000;

// Enter that ends the writing of a character (in some browsers only its number tells) sends nothing.
export const isSend = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;

// A moment as it is written today; of another day, with the day.
export function moments(language) {
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return (seconds, now = Date.now() / 1000) => {
    const moment = new Date(seconds * 1000);
    return (moment.toDateString() === new Date(now * 1000).toDateString() ? clock : day).format(moment);
  };
}

// Have these children in a list. One that is there already and is the same stays as it is: it may just be clicked on,
// marked, or read aloud.
export function renew(list, wanted) {
  const there = new Map();
  for (const child of list.children) there.set(child.outerHTML, [...(there.get(child.outerHTML) || []), child]);
  const children = wanted.map((child) => there.get(child.outerHTML)?.shift() ?? child);
  const staying = new Set(children);
  for (const child of [...list.children]) if (!staying.has(child)) child.remove();
  children.forEach((child, place) => list.children[place] === child || list.insertBefore(child, list.children[place] ?? null));
}

export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

const SHOWN = /\.(png|jpe?g|gif|webp)$/i;
export const isPicture = (file) => /^image\/(png|jpeg|gif|webp)$/.test(file.mime || "") || SHOWN.test(file.name || "");

export function attachment(file, url) {
  if (!url) return part("p", "attachment", file.name || file.kind);
  const link = part("a", "attachment");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener";
  if (isPicture(file)) {
    const picture = part("img");
    picture.src = url;
    picture.alt = file.name || file.kind;
    picture.loading = "lazy";
    link.append(picture);
  } else {
    link.textContent = file.name || file.kind;
    link.download = file.name || "";
  }
  return link;
}

export function grow(field) {
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  field.addEventListener("input", fit);
  return fit;
}

// Files that wait to be sent with the next message; each is uploaded when it is chosen, and has its `ref` from then on.
const FILES_AT_ONCE = 10;

export class Files {
  constructor(list, input, upload, { most, labels, complain }) {
    Object.assign(this, { list, input, upload, most, labels, complain });
    this.chosen = [];
    this.uploading = Promise.resolve();
    input?.addEventListener("change", () => {
      this.take([...input.files]);
      input.value = "";
    });
  }

  // Those of another draft from now on.
  use(chosen) {
    this.chosen = chosen;
    this.show();
  }

  take(files) {
    const chosen = this.chosen;
    const rows = [];
    for (const file of files) {
      if (file.size > this.most) this.complain(fill(this.labels.too_large, { name: file.name }));
      else rows.push([file, { name: file.name, mime: file.type }]);
    }
    chosen.push(...rows.map(([, row]) => row));
    this.show();
    this.uploading = this.uploading.then(async () => {
      for (const [file, row] of rows) {
        const kept = chosen.includes(row) && (await this.upload(file));
        if (kept) Object.assign(row, { ref: kept.ref, size: kept.size });
        else if (chosen.includes(row)) chosen.splice(chosen.indexOf(row), 1);
        this.show();
      }
    });
  }

  // When all that was chosen until now is there, or has failed.
  done() {
    return this.uploading;
  }

  show() {
    this.list.replaceChildren(
      ...this.chosen.map((file, number) => {
        const row = part("li", "", file.ref ? file.name : `${file.name} · ${this.labels.sending}`);
        const remove = part("button", "", "×");
        remove.type = "button";
        remove.setAttribute("aria-label", fill(this.labels.remove, { name: file.name }));
        remove.addEventListener("click", () => {
          this.chosen.splice(number, 1);
          this.show();
        });
        row.append(remove);
        return row;
      }),
    );
    this.list.hidden = !this.chosen.length;
  }

  // As many as a message may have; the others wait for the next one.
  give() {
    const given = this.chosen.filter((file) => file.ref).slice(0, FILES_AT_ONCE);
    for (const file of given) this.chosen.splice(this.chosen.indexOf(file), 1);
    this.show();
    return given;
  }
}

// A stream of server-sent events that comes back by itself: after a refusal, and when it has gone quiet, which a dead
// line does without a word. The server says something every 15 seconds.
const QUIET_MS = 40000;

export function listen(url, events, onState) {
  let source;
  let quiet;
  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(again, QUIET_MS);
    onState(true);
  };
  const again = () => {
    clearTimeout(quiet);
    quiet = setTimeout(again, QUIET_MS);
    source?.close();
    source = new EventSource(url());
    source.onopen = heard;
    // The browser would ask for the same address again; ours tells how far this page is.
    source.onerror = () => {
      onState(false);
      source.close();
      clearTimeout(quiet);
      quiet = setTimeout(again, 1000 + Math.random() * 2000);
    };
    source.addEventListener("alive", heard);
    for (const [name, handle] of Object.entries(events)) {
      source.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse(event.data), event.lastEventId);
      });
    }
  };
  again();
  addEventListener("online", again);
  addEventListener("offline", () => onState(false));
  addEventListener("pagehide", () => {
    clearTimeout(quiet);
    source.close();
  });
  addEventListener("pageshow", (event) => event.persisted && again());
}
