// Redocly's recommended rules over the contract: `node lint.mjs v1.json`. Prints a line for each finding.
import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";

const config = await createConfig({ extends: ["recommended"] });
const found = await lintFromString({ source: readFileSync(process.argv[2], "utf8"), config });
for (const one of found) console.log(one.severity, one.ruleId, one.message, one.location[0]?.pointer ?? "");
process.exitCode = found.length ? 1 : 0;
