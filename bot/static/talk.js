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

// Files that wait to be sent with the next message; each is uploaded when it is chosen.
export class Files {
  constructor(list, input, upload, { most, labels, complain }) {
    Object.assign(this, { list, input, upload, most, labels, complain });
    this.chosen = [];
    input?.addEventListener("change", () => this.take([...input.files]));
  }

  async take(files) {
    for (const file of files) {
      if (file.size > this.most) {
        this.complain(fill(this.labels.too_large, { name: file.name }));
        continue;
      }
      const kept = await this.upload(file);
      if (kept) this.chosen.push({ ref: kept.ref, size: kept.size, name: file.name, mime: file.type });
    }
    if (this.input) this.input.value = "";
    this.show();
  }

  show() {
    this.list.replaceChildren(
      ...this.chosen.map((file, number) => {
        const row = part("li", "", file.name);
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

  giveAll() {
    const all = this.chosen;
    this.chosen = [];
    this.show();
    return all;
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
