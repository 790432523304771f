// Says that files are sent and read, which takes seconds for a large workbook. Pages are whole without it.
const show = (form, running) => {
  const note = form.querySelector("[data-progress]");
  note.textContent = running ? note.dataset.progress : "";
  if (running) {
    const bar = document.createElement("progress");
    bar.setAttribute("aria-hidden", "true"); // the text says it
    note.append(" ", bar);
  }
  form.querySelector("button").disabled = running;
};
for (const form of document.querySelectorAll("form")) {
  if (!form.querySelector("[data-progress]")) continue;
  form.addEventListener("submit", () => show(form, true));
  addEventListener("pageshow", () => show(form, false)); // back from the page that follows
}
