// The little that script adds. Every page works without it; nothing here is needed to read, write or send.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* closed or full */ } };
const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const forget = (key) => { try { localStorage.removeItem(key); } catch { /* closed */ } };

// A draft is kept under the page's address and the field's name, and forgotten when its form is sent.
const draftKey = (field) => `draft:${location.pathname}:${field.dataset.draft || field.name}`;

const controls = (part) => [...part.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];

function enhance(part) {
  for (const button of part.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", shown() === "dark");
  }
  if (navigator.clipboard) for (const button of part.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const field of part.querySelectorAll("textarea[data-draft]")) {
    const kept = recall(draftKey(field));
    if (kept && !field.value) field.value = kept;
  }
  const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "auto" });
  for (const time of part.querySelectorAll("time[data-when]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [size, unit] = [[31557600, "year"], [2629800, "month"], [86400, "day"], [3600, "hour"], [60, "minute"]]
      .find(([size]) => Math.abs(seconds) >= size) ?? [1, "second"];
    time.title = relative.format(Math.round(seconds / size), unit);
  }
}

document.addEventListener("click", async (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (toggle) {
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    toggle.setAttribute("aria-pressed", root.dataset.theme === "dark");
    remember("theme", root.dataset.theme);
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    const word = copy.querySelector("[data-copied]") ?? copy;
    const before = word.textContent;
    word.textContent = word.dataset.copied ?? copy.dataset.copied ?? before;
    setTimeout(() => { word.textContent = before; }, 1600);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]") ?? document.querySelector("details[data-menu][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// Whoever tabs out of an open menu sees what she is on: the sheet does not lie over it.
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-draft]")) remember(draftKey(event.target), event.target.value);
});

// <form data-swap="id">: send in the background and put the same fragment of the answer in its place,
// with the keyboard where it was. Anything unexpected falls back to what the browser would have done.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  for (const field of form.querySelectorAll("textarea[data-draft]")) forget(draftKey(field));
  const id = form.dataset.swap;
  const old = id && document.getElementById(id);
  if (!old || form.dataset.plain) return;
  event.preventDefault();
  old.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: form.method, body: new FormData(form, event.submitter), headers: { "X-Fragment": id } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    if (!answer.ok || !fresh) throw new Error("no fragment");
    const place = controls(old).indexOf(document.activeElement);
    old.replaceWith(fresh);
    if (place >= 0) (controls(fresh)[place] ?? controls(fresh).at(-1))?.focus();
    enhance(fresh);
  } catch {
    form.dataset.plain = "1";
    form.requestSubmit(event.submitter);
  }
});

// A form that we check ourselves never asks the browser, and half a date would be sent as none at all.
document.addEventListener("submit", (event) => {
  const half = event.target.noValidate && [...event.target.elements].find((field) => field.validity?.badInput);
  if (!half) return;
  event.preventDefault();
  const row = half.closest("details");
  if (row) row.open = true;
  half.reportValidity();
});

enhance(document);
