// Verification in the browser (Web Crypto): a revision of a record, a kept checkpoint, or a file. docs/proof.md
// describes every format. Nothing that the site says is believed that can be computed here.
import { canonical, commit, encode, hashes, hex, inclusionRoot, isConsistent, join, same, sha, unbase64 } from "./proofs.js";

const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const form = document.getElementById("verify");
const verdict = document.getElementById("verdict");
const root = form.dataset.root;

class Wrong extends Error {}
const need = (truth, zh, en) => {
  if (!truth) throw new Wrong(say(zh, en));
};
const get = async (path) => {
  const answer = await fetch(root + path, { headers: { accept: "application/json, */*;q=0.1" } });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const tombstone = problem.tombstone;
  const why = tombstone ? `${problem.title}（${tombstone.reason}）` : problem.detail || problem.title || answer.status;
  throw new Wrong(say(`无法核验：${why}`, `Cannot be verified: ${why}`));
};
const json = async (path) => (await get(path)).json();
const bytes = async (path) => new Uint8Array(await (await get(path)).arrayBuffer());
const local = (address) => address.slice(new URL(form.dataset.base).href.replace(/\/$/, "").length);

const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n/;
const parseNote = (note) => {
  const [, origin, size, encoded] = CHECKPOINT.exec(note) ?? [];
  return origin && { origin, size: Number(size), root: unbase64(encoded), text: note.slice(0, note.lastIndexOf("\n\n") + 1) };
};

// → a sentence about the signature: who signed, or that this browser cannot check it.
async function signatureOf(note) {
  const { origin, size, text } = parseNote(note);
  const key = (await json("/log/keys.json")).keys.filter((one) => one.entry < size).slice(-1)[0];
  need(key, "没有签名这个存证点的密钥", "no key signs this checkpoint");
  const [name, id, encoded] = [...key.key.split("+", 2), key.key.split("+").slice(2).join("+")];
  const publicKey = unbase64(encoded);
  need(name === origin && hex(await sha(join(encode(`${name}\n`), publicKey))).startsWith(id), "这不是本站的存证点，或含有另起新日志时已丢失的条目", "a checkpoint of another site, or with entries that were lost before a succession");
  const lines = note.split("\n").map((line) => line.split(" ")).filter(([sign, who]) => sign === "—" && who === name);
  const signatures = lines.map(([, , value]) => unbase64(value)).filter((value) => hex(value.slice(0, 4)) === id);
  need(signatures.length === 1, "存证点没有本站密钥的签名", "the checkpoint is not signed by the site's key");
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", publicKey.slice(1), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return say(
      "注意：这个浏览器不支持 Ed25519，签名未核验。请换用新版浏览器，或运行 verify.py。",
      "Note: this browser lacks Ed25519, so the signature was not checked. Use a newer browser, or run verify.py.",
    );
  }
  const valid = await crypto.subtle.verify({ name: "Ed25519" }, imported, signatures[0].slice(4), encode(text));
  need(valid, "存证点的签名无效", "the signature of the checkpoint is not valid");
  return say(
    `存证点由密钥 ${key.key} 签名。请从本站以外的地方核对这个密钥。`,
    `The checkpoint is signed by ${key.key}. Compare this key with a copy from elsewhere.`,
  );
}

// The document of a release is the one of its entry, and the entry is in the tree of a checkpoint.
async function proveRelease(dataset, number, entry) {
  const text = await bytes(`/v1/datasets/${dataset}/releases/${number}/document`);
  const digest = await sha(text);
  need(hex(digest) === entry.digest, "存证文件与日志条目不符", "the document is not that of the entry");
  const leaf = await sha(join([0, 1, 3, 0, entry.format], digest));
  const top = await inclusionRoot(leaf, entry.position, entry.size, hashes(entry.hashes));
  need(top && hex(top) === entry.root, "存证证明不成立", "the inclusion proof does not hold");
  const release = JSON.parse(new TextDecoder().decode(text));
  need(release.dataset === dataset && release.number === number, "存证文件属于另一次发布", "another release's document");
  if (!entry.checkpoint)
    return { release, signature: say("存证点尚未签名。", "The checkpoint is not signed yet.") };
  const note = parseNote(entry.checkpoint);
  need(note?.size === entry.size && same(note.root, top), "存证点与日志不符", "the checkpoint is of another log");
  return { release, signature: await signatureOf(entry.checkpoint) };
}

const day = (iso) => new Date(`${iso}T00:00Z`).toLocaleDateString(say("zh-CN", "en-GB"), { dateStyle: "long", timeZone: "UTC" });
const moment = (iso) =>
  new Date(iso).toLocaleString(say("zh-CN", "en-GB"), { dateStyle: "long", timeStyle: "medium", timeZone: "Asia/Shanghai" });

async function verifyRecord(address) {
  const url = new URL(address, form.dataset.base);
  need([new URL(form.dataset.base).origin, location.origin].includes(url.origin), "这是另一个网站的地址。", "This is an address of another site.");
  const match = /\/datasets\/([^/]+)\/records\/([^/]+)(?:\/revisions\/([0-9a-f]{64}))?\/?$/.exec(url.pathname);
  need(match, "这不是条目的地址。", "This is not the address of a record.");
  const [, dataset, record] = match;
  const home = `/v1/datasets/${dataset}/records/${record}`;
  const clocks = new URLSearchParams([...url.searchParams].filter(([name]) => ["release", "as_of", "known_at"].includes(name)));
  const revision = match[3] ?? (await json(`${home}${clocks.size ? `?${clocks}` : ""}`)).revision.hash;
  const origin = await json(`${home}/revisions/${revision}`);
  const salt = origin.revision.salt;
  need((await commit(salt, origin.content)) === revision, "内容与其校验值不符", "the content does not match its hash");
  const place = [origin.source?.digest ?? null, origin.locator, origin.originals, origin.source_text];
  need([null, await commit(salt, place)].includes(origin.commitment), "来源与其承诺值不符", "the origin was changed");
  const { release, signature } = await proveRelease(dataset, origin.release, origin.entry);
  const manifest = await bytes(`/v1/datasets/${dataset}/releases/${origin.release}/manifest`);
  need(hex(await sha(manifest)) === release.manifest, "变化清单与存证文件不符", "the manifest was changed");
  const lines = new TextDecoder().decode(manifest).split("\n");
  need(lines.includes(origin.manifest_line.trimEnd()), "变化清单中没有这一行", "the manifest lacks this line");
  const line = JSON.parse(origin.manifest_line);
  need(line.revision === revision && line.record === record && line.provenance === origin.commitment, "变化清单所记的是另一内容", "the manifest has another content");
  const until = line.effective_to ? say(`，至${day(line.effective_to)}（不含）`, `, until ${day(line.effective_to)}`) : "";
  return [
    say(
      `“${origin.title}”的这一内容，由第${origin.release}次发布于${moment(release.published_at)}（北京时间）公布，自${day(line.effective_from)}起有效${until}。`,
      `This content of “${origin.title}” was published by release ${origin.release} on ${moment(release.published_at)} (UTC+8), in effect since ${day(line.effective_from)}${until}.`,
    ),
    say(
      `内容、来源、变化清单、存证文件和日志条目${origin.entry.position}逐项相符。`,
      `Content, origin, manifest, document and log entry ${origin.entry.position} match one another.`,
    ),
    signature,
    ...Object.entries(origin.content).map(([name, value]) => `${name}: ${typeof value === "string" ? value : canonical(value)}`),
  ];
}

async function verifyCheckpoint(note) {
  const kept = parseNote(note);
  const signature = await signatureOf(note);
  const current = parseNote(await (await get("/log/checkpoint")).text());
  need(kept.size <= current.size, "本站的日志比这个存证点短，有内容被删去", "the log of the site is shorter: something was cut off");
  const proof = await json(`/log/consistency/${kept.size}/${current.size}`);
  const consistent = await isConsistent(kept.size, kept.root, current.size, current.root, hashes(proof.hashes));
  need(consistent, "本站的日志不是这个存证点的延续，过去的内容被改写", "the log does not continue this checkpoint: its past was changed");
  return [
    say(
      `本站的日志（${current.size}个日志条目）是这个存证点（${kept.size}个日志条目）的延续：此前公布的内容没有被改写。`,
      `The log (${current.size} entries) continues this checkpoint (${kept.size} entries): nothing published before was changed.`,
    ),
    signature,
  ];
}

async function* releases() {
  for (const { name, title } of (await json("/v1/datasets")).datasets) {
    let path = `/v1/datasets/${name}/releases?limit=1000`;
    while (path) {
      const page = await json(path);
      for (const release of page.releases) yield { dataset: name, title, release };
      path = page.links.next && local(page.links.next);
    }
  }
}

async function verifyFile(file) {
  const data = new Uint8Array(await file.arrayBuffer());
  if (data.length < 65536 && CHECKPOINT.test(new TextDecoder().decode(data))) return verifyCheckpoint(new TextDecoder().decode(data));
  const digest = hex(await sha(data));
  for await (const { dataset, title, release } of releases()) {
    const listed = release.sources.some((source) => source.digest === digest);
    const entry = listed && (await json(local(release.links.entry)));
    if (listed) {
      const { release: document, signature } = await proveRelease(dataset, release.number, entry);
      need(document.sources.some((source) => source.digest === digest), "存证文件没有这个文件", "the document lacks this file");
      return [
        say(
          `“${file.name}”是《${title}》第${release.number}次发布的来源文件，该次发布于${moment(document.published_at)}（北京时间）公布。`,
          `“${file.name}” is a source of release ${release.number} of ${title}, published on ${moment(document.published_at)} (UTC+8).`,
        ),
        signature,
      ];
    }
    const { files } = await json(`/v1/datasets/${dataset}/releases/${release.number}/files`);
    const form = files.find((one) => one.sha256 === digest)?.form;
    if (form)
      return [
        say(
          `“${file.name}”与本站提供的《${title}》第${release.number}次发布的文件（${form}）逐字节相同。要证明其内容在日志中，请运行 verify.py。`,
          `“${file.name}” equals the file (${form}) of release ${release.number} of ${title} that the site serves. To prove its content, run verify.py.`,
        ),
      ];
  }
  throw new Wrong(
    say(
      `本站的发布中没有这个文件（SHA-256 ${digest}）。log.zip、site.zip 等请用 verify.py 核验。`,
      `No release contains this file (SHA-256 ${digest}). Verify log.zip, site.zip and the like with verify.py.`,
    ),
  );
}

let running = 0;
async function show(work) {
  const mine = ++running;
  verdict.className = "notice mild";
  verdict.textContent = say("正在核验……", "Verifying…");
  let [lines, kind, title] = [[], "notice", say("核验无误", "Verified")];
  try {
    need(crypto.subtle, "这个浏览器或连接（非 HTTPS）不提供 Web Crypto，请运行 verify.py。", "No Web Crypto here (no HTTPS?): run verify.py.");
    lines = await work();
  } catch (error) {
    [kind, title] = ["notice grave", say("没有通过核验", "Not verified")];
    lines = [error instanceof Wrong ? error.message : say(`无法完成核验：${error.message}`, `Could not be completed: ${error.message}`)];
  }
  if (mine !== running) return;
  const strong = document.createElement("strong");
  strong.textContent = title;
  verdict.className = kind;
  verdict.replaceChildren(
    strong,
    ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })),
  );
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = form.elements.record.value.trim();
  if (address) show(() => verifyRecord(address));
});
form.elements.file.addEventListener("change", ({ target }) => {
  if (target.files.length) show(() => verifyFile(target.files[0]));
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) show(() => verifyFile(file));
});
form.hidden = false;
if (form.elements.record.value) form.requestSubmit();
