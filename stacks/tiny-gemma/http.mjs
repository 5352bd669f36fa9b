// JSON over HTTP: read a body, send an answer, an error, or a stream of server-sent events.
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export class BadRequest extends Error {
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}

export async function readJson(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BadRequest("the body is larger than 16 MiB", 413);
    chunks.push(chunk);
  }
  let body;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BadRequest("the body is not JSON");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new BadRequest("the body is not a JSON object");
  }
  return body;
}

export function sendJson(response, body, status = 200) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

const errorBody = (error, status) => ({
  error: {
    message: error instanceof BadRequest ? error.message : "the server failed; its log says why",
    type: error instanceof BadRequest ? "BadRequestError" : "InternalServerError",
    param: null,
    code: status,
  },
});

export function sendError(response, error) {
  const status = error instanceof BadRequest ? error.status : 500;
  if (status === 500) console.error(error);
  if (!response.headersSent) sendJson(response, errorBody(error, status), status);
  else response.end(`data: ${JSON.stringify(errorBody(error, status))}\n\n`);
}

export function openEventStream(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  return {
    send: (body) => response.write(`data: ${JSON.stringify(body)}\n\n`),
    end: () => response.end("data: [DONE]\n\n"),
  };
}
