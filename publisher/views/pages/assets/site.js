// Optional scripts: suggestions while typing, and a button that copies. Everything works without it.
import Combobox from "./combobox-nav.js";

const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const KINDS = { name: say("事项", "item"), body: say("部门", "body"), number: say("文号", "document") };

function suggesting(input) {
  const form = input.form;
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("搜索建议", "Suggestions"));
  list.hidden = true;
  const status = document.createElement("p");
  status.className = "unseen";
  status.setAttribute("aria-live", "polite");
  form.append(list, status);
  const combobox = new Combobox(input, list, { tabInsertsSuggestions: false });

  const close = () => {
    if (list.hidden) return;
    combobox.stop();
    list.hidden = true;
  };
  const show = (suggestions) => {
    combobox.clearSelection();
    list.replaceChildren(
      ...suggestions.map(({ text, kind, count }) => {
        const option = document.createElement("li");
        option.setAttribute("role", "option");
        option.dataset.text = text;
        const name = document.createElement("span");
        name.textContent = text;
        const note = document.createElement("span");
        note.className = "count";
        note.textContent = `${KINDS[kind] ?? ""} ${count}`;
        option.append(name, note);
        return option;
      }),
    );
    if (!suggestions.length) return close();
    status.textContent = say(`有${suggestions.length}条搜索建议，按上下键选择`, `${suggestions.length} suggestions, use the arrow keys`);
    if (!list.hidden) return;
    list.hidden = false;
    combobox.start();
  };

  let asking;
  let waiting;
  const ask = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) return close();
    asking = new AbortController();
    try {
      const address = `${form.dataset.suggest}?${new URLSearchParams({ q: text, limit: 8 })}`;
      const answer = await fetch(address, { signal: asking.signal, headers: { accept: "application/json" } });
      if (answer.ok && document.activeElement === input) show((await answer.json()).suggestions);
      else close();
    } catch {
      close(); // a newer request replaced it, or the network failed: the form still works
    }
  };
  input.addEventListener("input", (event) => {
    clearTimeout(waiting);
    if (!event.isComposing) waiting = setTimeout(ask, 120);
  });
  input.addEventListener("compositionend", ask);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "ArrowDown" && list.hidden && input.value.trim()) ask();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
  list.addEventListener("combobox-commit", (event) => {
    input.value = event.target.dataset.text;
    close();
    form.requestSubmit();
  });
}

function copying(button) {
  const source = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = source.innerText.trim();
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = say("已复制", "Copied");
    } catch {
      getSelection().selectAllChildren(source); // no leave to write: what is selected can be copied by hand
    }
  });
}

for (const input of document.querySelectorAll("form[data-suggest] input[type=search]")) suggesting(input);
for (const button of document.querySelectorAll("button[data-copies]")) copying(button);
