// Parses feeds with feedsmith: one JSON object a line with the format, the title and what each entry is told by.
import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";

for (const file of process.argv.slice(2)) {
  const { format, feed } = parseFeed(readFileSync(file, "utf8"));
  const entries = feed.entries ?? feed.items ?? [];
  const ids = entries.map((entry) => entry.id ?? entry.guid?.value);
  console.log(JSON.stringify({ format, title: feed.title?.value ?? feed.title, ids }));
}
