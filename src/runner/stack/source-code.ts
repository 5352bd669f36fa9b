/** A program's text without what only looks like code. */
export interface Skeleton {
  /** Comments are gone; every string literal is `"<n>"`, n being its place in `strings`. */
  code: string;
  strings: string[];
}

/**
 * Tells code from comments and strings, in one pass over Python or JavaScript. No parser: a regular expression that
 * holds a quote may be taken for a string, at most to the end of its line.
 */
export function skeletonOf(text: string, language: "python" | "javascript"): Skeleton {
  const strings: string[] = [];
  const pieces: string[] = [];
  let from = 0;
  let at = 0;
  const replace = (end: number, by: string): void => {
    pieces.push(text.slice(from, at), by);
    at = from = end;
  };
  while (at < text.length) {
    const comment = commentAt(text, at, language);
    const quote = comment ? undefined : quoteAt(text, at, language);
    if (comment) replace(endOf(text, comment.end, at + comment.opens), comment.keeps);
    else if (quote) {
      const end = closingQuote(text, at + quote.length, quote);
      strings.push(text.slice(at + quote.length, Math.max(at + quote.length, end - quote.length)));
      replace(end, `"${strings.length - 1}"`);
    } else at++;
  }
  pieces.push(text.slice(from));
  return { code: pieces.join(""), strings };
}

interface Comment {
  /** Characters that it begins with. */
  opens: number;
  end: string;
  /** What is left in its place. */
  keeps: string;
}

function commentAt(text: string, at: number, language: string): Comment | undefined {
  if (language === "python") return text[at] === "#" ? { opens: 1, end: "\n", keeps: "\n" } : undefined;
  if (text.startsWith("//", at)) return { opens: 2, end: "\n", keeps: "\n" };
  return text.startsWith("/*", at) ? { opens: 2, end: "*/", keeps: " " } : undefined;
}

function quoteAt(text: string, at: number, language: string): string | undefined {
  const character = text[at];
  if (character !== '"' && character !== "'" && (character !== "`" || language === "python"))
    return undefined;
  const triple = character.repeat(3);
  return language === "python" && text.startsWith(triple, at) ? triple : character;
}

const endOf = (text: string, end: string, from: number): number => {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
};

/** Past the closing quote. A string of one quote ends with its line, unless it is a template. */
function closingQuote(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith(quote, at)) return at + quote.length;
    else if (text[at] === "\n" && quote.length === 1 && quote !== "`") return at;
  }
  return text.length;
}
