// Hashes, canonical JSON and the proofs of Merkle trees, in Web Crypto. docs/proof.md describes every format.
export const encode = (text) => new TextEncoder().encode(text);
export const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
export const sha = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const unbase64 = (text) => {
  const letters = atob(text);
  if (btoa(letters) !== text) throw new Error(`${text} is not canonical base64`);
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
};
export const same = (a, b) => hex(a) === hex(b);

// RFC 8785, for what contents hold: texts, whole numbers, lists and objects.
export const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${pairs.join(",")}}`;
};
export const commit = async (salt, value) => hex(await sha(join(unhex(salt), encode(canonical(value)))));

// RFC 9162, sections 2.1.3.2 and 2.1.4.2.
const node = (left, right) => sha(join([1], left, right));
export const hashes = (encoded) => {
  const all = unbase64(encoded);
  if (all.length % 32) throw new Error("not a row of hashes");
  return Array.from({ length: all.length / 32 }, (_, n) => all.slice(32 * n, 32 * n + 32));
};
// → the root that a leaf and its path lead to; null if the path is of another length.
export async function inclusionRoot(leaf, index, size, path) {
  if (!(index >= 0 && index < size)) return null;
  let [position, last, value] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return null; // too long
    if (position % 2 || position === last) {
      value = await node(sibling, value);
      while (position % 2 === 0 && position) [position, last] = [position / 2, Math.floor(last / 2)];
    } else value = await node(value, sibling);
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 ? value : null; // too short
}
export async function isConsistent(oldSize, oldRoot, size, newRoot, path) {
  if (!(oldSize > 0 && oldSize <= size)) return false;
  if (oldSize === size) return path.length === 0 && same(oldRoot, newRoot);
  const all = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...path] : path;
  if (!all.length) return false;
  let [position, last] = [oldSize - 1, size - 1];
  while (position % 2) [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  let [before, after] = [all[0], all[0]];
  for (const value of all.slice(1)) {
    if (last === 0) return false;
    if (position % 2 || position === last) {
      [before, after] = [await node(value, before), await node(value, after)];
      while (position % 2 === 0 && position) [position, last] = [position / 2, Math.floor(last / 2)];
    } else after = await node(after, value);
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(before, oldRoot) && same(after, newRoot);
}
