// The API reference: forms that send a request, and details that open when a link leads into them.
const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const LONGEST = 50_000; // characters of a response that are shown

function addressOf(form) {
  let path = form.getAttribute("data-path"); // form.dataset is the field of that name
  const query = new URLSearchParams();
  for (const { name, value, dataset } of form.querySelectorAll("[name]")) {
    if (!value.trim()) continue;
    if (dataset.where === "path") path = path.replace(`{${name}}`, encodeURIComponent(value.trim()));
    else if (dataset.where === "free") for (const [field, one] of new URLSearchParams(value)) query.append(field, one);
    else query.append(name, value.trim());
  }
  return query.size ? `${path}?${query}` : path;
}

async function textOf(answer) {
  const type = answer.headers.get("content-type") ?? "";
  if (!/json|xml|text|triples/.test(type)) return "";
  const text = await answer.text();
  const shown = /json$|json;/.test(type) ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

async function send(form) {
  const address = addressOf(form);
  const [sent, shown] = [form.querySelector(".sent"), form.querySelector(".answer")];
  const link = document.createElement("a");
  link.href = address;
  link.textContent = new URL(address, location.href).href;
  try {
    const answer = await fetch(address);
    const text = await textOf(answer);
    sent.replaceChildren(`${answer.status} `, link);
    shown.textContent = text;
    shown.hidden = !text;
  } catch {
    sent.replaceChildren(say("请求失败：", "The request failed: "), link);
    shown.hidden = true;
  }
}

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", openTarget);
openTarget();
