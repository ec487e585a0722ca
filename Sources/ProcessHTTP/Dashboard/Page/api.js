// Requests to the service. Addresses are relative to the page's, so that it works behind a proxy's path, too.

/** What went wrong, in words for the operator; `code` is the service's, or `unreachable`. */
export class Problem extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Reads a problem document, or whatever a proxy answered in its place. */
  static async of(response) {
    const text = await response.text().catch(() => "");
    try {
      const document = JSON.parse(text);
      return new Problem(document.code ?? "unknown", `${document.title}: ${document.detail}`, response.status);
    } catch {
      return new Problem("unknown", `${response.status} ${response.statusText}`.trim(), response.status);
    }
  }
}

/** How far the service's clock is ahead of the browser's; ages are told by the service's. */
let clockOffset = 0;

/** The time by the service's clock. */
export const now = () => Date.now() + clockOffset;

/** Notes the clock of the service. Its header tells whole seconds, so a small difference is none. */
export function noteClock(response) {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(date)) return;
  const offset = date + 500 - Date.now();
  clockOffset = Math.abs(offset) < 2000 ? 0 : offset;
}

/** Encodes parameters, those that are empty left out; an array repeats its name. */
export function query(parameters) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().filter((each) => each !== null && each !== undefined && each !== "")
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`));
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

/** Sends a request, and gives the response, whatever its status; throws where there is none. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const timeout = AbortSignal.timeout(20_000);
  try {
    const response = await fetch(path, {
      method, cache: "no-store", credentials: "same-origin",
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    noteClock(response);
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("unreachable", "The service did not answer.");
  }
}

/** Gives the text of a good answer; throws a problem for any other. */
export async function text(method, path, options) {
  const response = await send(method, path, options);
  if (!response.ok) throw await Problem.of(response);
  return response.text();
}

/** Gives the value of a good answer. */
export const json = async (method, path, options) => JSON.parse(await text(method, path, options));
