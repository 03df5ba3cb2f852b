// SPDX-License-Identifier: Apache-2.0
// Asking the server. A refusal is an Error whose text is the server's own sentence.

const PATIENCE_MS = 10000;

export class Refused extends Error {
  constructor(status, problem) {
    super(
      [problem.detail || problem.title || `the server answers ${status}`, problem.hint]
        .filter(Boolean)
        .join(" — "),
    );
    this.status = status;
  }
}

/** The server did not answer at all. */
export class Away extends Error {}

export async function ask(method, path, body) {
  const options = {
    method,
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  if (method === "POST") {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body ?? {});
  }
  let answer;
  let text;
  try {
    answer = await fetch(path, options);
    text = await answer.text();
  } catch (error) {
    throw new Away(error.message);
  }
  const told = read(text);
  if (!answer.ok) throw new Refused(answer.status, told && typeof told === "object" ? told : {});
  return told;
}

function read(text) {
  try {
    return text ? parse(text) : {};
  } catch {
    return {};
  }
}

/** JSON whose whole numbers beyond 2^53 stay exact, as texts. */
export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? context.source
      : value,
  );
}

/** The same of rows, where numbers with a point and more digits than a double holds stay exact too. */
export function parseRow(text) {
  if (!/\d[\d.]{15}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value, context) => {
    const source = typeof value === "number" ? (context?.source ?? "") : "";
    const isExact = source.includes(".") ? source.length < 17 : Number.isSafeInteger(value);
    return !isExact && /^-?\d+(\.\d+)?$/.test(source) ? source : value;
  });
}

export const jobPath = (job, ...rest) => ["v1", "jobs", job, ...rest].map(encodeURIComponent).join("/");
