// A caller's program over the generated types: pages through everything and reads typed records.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/fees";
import type { paths as site } from "./generated/v1";

type RecordItem = components["schemas"]["RecordItem"];

const address = process.argv[2];
const client = createClient<paths>({ baseUrl: address });

async function walk(): Promise<RecordItem[]> {
  const found: RecordItem[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { data, error } = await client.GET("/v1/datasets/shili-fees/records", {
      params: { query: { limit: 1, cursor } },
    });
    if (error) throw new Error(error.detail_en);
    found.push(...data.records);
    if (data.links.next === null) {
      if (data.total !== found.length) throw new Error("the total is not what was read");
      return found;
    }
    cursor = new URL(data.links.next).searchParams.get("cursor") ?? undefined;
  }
}

async function main(): Promise<void> {
  const records = await walk();
  const names: (string | undefined)[] = records.map((record) => record.content.name);
  const chosen = await client.GET("/v1/datasets/shili-fees/records", {
    params: { query: { name: ["城镇垃圾处理费", "不动产登记费"] } },
  });
  if (chosen.data?.total !== 2) throw new Error("a repeated filter does not mean or");
  const whole = createClient<site>({ baseUrl: address });
  const { error } = await whole.GET("/v1/datasets/{dataset}", { params: { path: { dataset: "nothing" } } });
  if (!error?.type.endsWith("/problems/no-such-dataset")) throw new Error("no problem where one was due");
  const { data } = await whole.GET("/v1/search", { params: { query: { q: "登记" } } });
  if (!data?.hits.some((hit) => hit.title.text.length > 0)) throw new Error("nothing was found");
  const path = { dataset: "shili-fees" };
  const file = await whole.GET("/v1/datasets/{dataset}/files/{form}", {
    params: { path: { ...path, form: "csv" } },
    parseAs: "text",
  });
  if (file.data?.trim().split("\n").length !== records.length + 1) throw new Error("the file has other rows");
  const feed = await whole.GET("/feeds/{dataset}.atom", { params: { path }, parseAs: "text" });
  if (!feed.data?.includes("<feed")) throw new Error("no feed");
  console.log(names.join("\n"));
}

main().catch((reason) => {
  console.error(reason);
  process.exitCode = 1;
});
