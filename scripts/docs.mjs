// Writes the reference pages that are generated from the code: docs/tools.md, docs/errors.md, docs/configuration.md.
import { writeFileSync } from "node:fs";
import { referencePages } from "../dist/commands/reference.js";

for (const [name, text] of Object.entries(referencePages())) {
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), text);
  console.log(`docs/${name}`);
}
