import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/** A package registry of one package, `toy-package@1.0.0`, whose install script would leave a trace. */
export async function toyRegistry(dir: string) {
  const source = join(dir, "package");
  mkdirSync(source, { recursive: true });
  const manifest = {
    name: "toy-package",
    version: "1.0.0",
    main: "index.js",
    bin: { toy: "index.js" },
    scripts: { postinstall: `node -e "require('fs').writeFileSync('SCRIPT-RAN','')"` },
  };
  writeFileSync(join(source, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(source, "index.js"), "#!/usr/bin/env node\nmodule.exports = 42;\n");
  execFileSync("tar", ["-czf", "toy.tgz", "package"], { cwd: dir });
  const tarball = readFileSync(join(dir, "toy.tgz"));
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.url === "/toy-package") {
      const dist = { tarball: `${url}/toy.tgz`, integrity };
      const versions = { "1.0.0": { ...manifest, hasInstallScript: true, dist } };
      response.end(JSON.stringify({ name: "toy-package", "dist-tags": { latest: "1.0.0" }, versions }));
    } else if (request.url === "/toy.tgz") {
      downloads++;
      setTimeout(() => response.end(tarball), 300);
    } else {
      response.writeHead(404).end("{}");
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return {
    env: { npm_config_registry: url, npm_config_cache: join(dir, "cache"), npm_config_fetch_retries: "0" },
    downloads: () => downloads,
    close: () => server.close(),
  };
}
