// Payloads are shown byte for byte. JSON.parse would round 12345678901234567890123, turn 1.10 into 1.1 and drop a name that
// stands twice; so what is shown is cut out of the text that came, and only the blanks between its parts change.

const blank = /\s/;
const atomEnd = /[\s{}[\],:]/;

/** The parts of a well-formed JSON text with their places: strings, punctuation, numbers and words. */
function* parts(text) {
  let index = 0;
  while (index < text.length) {
    const start = index;
    const character = text[index];
    if (blank.test(character)) {
      index += 1;
      continue;
    }
    if (character === '"') {
      index += 1;
      while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
      index += 1;
    } else {
      index += 1;
      if (!atomEnd.test(character)) while (index < text.length && !atomEnd.test(text[index])) index += 1;
    }
    yield { token: text.slice(start, index), index: start };
  }
}

/** The texts of an object's members by their names. */
export function members(text) {
  const found = new Map();
  let depth = 0;
  let name = null;
  let start = null;
  for (const { token, index } of parts(text)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (start !== null && ((depth === 1 && token === ",") || (depth === 0 && closes))) {
      found.set(name, text.slice(start, index).trim());
      name = null;
      start = null;
    } else if (depth === 1 && name === null && token.startsWith('"')) {
      name = JSON.parse(token);
    } else if (depth === 1 && start === null && token === ":") {
      start = index + 1;
    }
    if (token === "{" || token === "[") depth += 1;
  }
  return found;
}

/**
 * The same text over several lines.
 *
 * It stops where it has grown beyond a limit: a small text that nests deeply makes a very large one.
 */
function indented(text, limit) {
  const out = [];
  let size = 0;
  let depth = 0;
  let previous = "";
  const add = (piece) => { out.push(piece); size += piece.length; };
  const line = () => add(`\n${"  ".repeat(depth)}`);
  for (const { token } of parts(text)) {
    const closes = token === "}" || token === "]";
    const isFirst = previous === "{" || previous === "[";
    if (closes) depth -= 1;
    if (closes !== isFirst) line();
    add(token === ":" ? ": " : token);
    if (token === ",") line();
    if (token === "{" || token === "[") depth += 1;
    previous = token;
    if (size > limit) break;
  }
  return out.join("");
}

/** A payload for reading: a string without its quotes and escapes, anything else over several lines. */
export const readable = (text, limit = Infinity) => (text.startsWith('"') ? JSON.parse(text) : indented(text, limit));
