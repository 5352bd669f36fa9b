import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { socketInodes } from "./process-table.ts";

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address) resolve(address.port);
        else reject(new Error("the system gave no port"));
      });
    });
  });
}

/** Whether one of the processes listens on the port; undefined where the system does not say. */
export function isListening(pids: readonly number[], port: number): boolean | undefined {
  const listeners = listeningInodes(port);
  if (listeners === undefined || listeners.length === 0) return undefined;
  return pids.some((pid) => socketInodes(pid).some((inode) => listeners.includes(inode)));
}

/** proc_net(5): the second column is the local address and port in hexadecimal, state 0A is listening. */
function listeningInodes(port: number): string[] | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  try {
    return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
      readTable(table)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === "0A")
        .flatMap((columns) => (columns[9] === undefined ? [] : [columns[9]])),
    );
  } catch {
    return undefined;
  }
}

function readTable(path: string): string[] {
  try {
    return readFileSync(path, "latin1").split("\n").slice(1);
  } catch (error) {
    // A kernel without IPv6 has no second table.
    if (path.endsWith("6")) return [];
    throw error;
  }
}
