// Messages to prompt tokens, by the chat format that the GGUF file names. Text of a message never becomes a control
// token, whatever it says.
import { BadRequest } from "./http.mjs";

const contentOf = (message) => {
  if (typeof message?.content === "string") return message.content.trim();
  const parts = message?.content;
  if (Array.isArray(parts) && parts.every((part) => part?.type === "text" && typeof part.text === "string")) {
    return parts
      .map((part) => part.text)
      .join("")
      .trim();
  }
  throw new BadRequest("messages: every message needs a text content");
};

const historyItem = (message) => {
  const text = contentOf(message);
  if (message.role === "user") return { type: "user", text };
  if (message.role === "system" || message.role === "developer") return { type: "system", text };
  if (message.role === "assistant") return { type: "model", response: [text] };
  throw new BadRequest("messages: role must be one of system, user, assistant");
};

export function chatPrompt(engine, messages) {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new BadRequest("messages: give at least one message");
  const chatHistory = [...messages.map(historyItem), { type: "model", response: [""] }];
  return engine.chatWrapper.generateContextState({ chatHistory }).contextText.tokenize(engine.tokenizer);
}
